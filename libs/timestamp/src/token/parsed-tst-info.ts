import { digestSize, type HashAlgorithm } from '@sigstead/crypto';
import { decodeUtf8, der, DerReader, tags } from '@sigstead/encoding';
import { readDigestAlgorithm } from '../digest-algorithm.ts';
import { malformedTimestamp, TimestampError } from '../errors.ts';
import { MAX_NONCE_OCTETS } from '../time-stamp-req.ts';

/** What a timestamp says. */
export interface ParsedTstInfo {
  /** Dotted identifier. */
  readonly policy: string;
  readonly hash: HashAlgorithm;
  /** As long as the hash makes it. */
  readonly hashedMessage: Uint8Array;
  /** Content octets of the INTEGER, as the authority wrote them. */
  readonly serialNumber: Uint8Array;
  /** What is finer than milliseconds is cut off. */
  readonly genTime: Date;
}

/** RFC 3161 asks for 20; the sign may need one more, and some authorities are generous. */
const MAX_SERIAL_OCTETS = 64;
const MAX_SECONDS_OCTETS = 4;
const MAX_EXTENSIONS = 16;

const TSA_TAG = tags.contextConstructed | 0;
const EXTENSIONS_TAG = tags.contextConstructed | 1;

/**
 * TSTInfo in DER, to its last octet. An explicit `ordering FALSE` is taken, although DER leaves defaults out. Accuracy, nonce
 * and the authority's name are read for their form; nothing here depends on them.
 *
 * ```asn1
 * TSTInfo ::= SEQUENCE {
 *   version INTEGER { v1(1) }, policy OBJECT IDENTIFIER, messageImprint MessageImprint, serialNumber INTEGER,
 *   genTime GeneralizedTime, accuracy Accuracy OPTIONAL, ordering BOOLEAN DEFAULT FALSE, nonce INTEGER OPTIONAL,
 *   tsa [0] GeneralName OPTIONAL, extensions [1] IMPLICIT Extensions OPTIONAL }
 * Accuracy ::= SEQUENCE {
 *   seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL, micros [1] INTEGER (1..999) OPTIONAL }
 * ```
 *
 * @throws TimestampError MALFORMED, WEAK_HASH, HASH_ALGORITHM, DIGEST_LENGTH or EXTENSION
 * @throws EncodingError which the caller names
 */
export function readTstInfo(content: Uint8Array): ParsedTstInfo {
  const reader = new DerReader(content);
  const fields = reader.sequence();
  reader.end();
  readVersion(fields, 1, 'TSTInfo');
  const policy = fields.oid();
  const { hash, hashedMessage } = readMessageImprint(fields.sequence());
  const serialNumber = boundedInteger(fields.integerBytes(), MAX_SERIAL_OCTETS, 'serial number');
  const genTime = readGenTime(fields.read(tags.generalizedTime));
  if (fields.tag === tags.sequence) readAccuracy(fields.sequence());
  if (fields.tag === tags.boolean) fields.boolean();
  if (fields.tag === tags.integer) boundedInteger(fields.integerBytes(), MAX_NONCE_OCTETS, 'nonce');
  if (fields.tag === TSA_TAG) readGeneralName(fields.constructed(TSA_TAG));
  if (fields.tag === EXTENSIONS_TAG) readExtensions(fields.constructed(EXTENSIONS_TAG));
  fields.end();
  return { policy, hash, hashedMessage, serialNumber, genTime };
}

/** @throws TimestampError MALFORMED when another version comes next */
export function readVersion(fields: DerReader, want: number, what: string): void {
  const version = fields.integerBytes();
  if (version.length !== 1 || version[0] !== want) {
    throw malformedTimestamp(`version of the ${what} is not ${want}`);
  }
}

function readMessageImprint(fields: DerReader): Pick<ParsedTstInfo, 'hash' | 'hashedMessage'> {
  const hash = readDigestAlgorithm(fields, 'hash of the message imprint');
  const hashedMessage = fields.octetString();
  fields.end();
  if (hashedMessage.length !== digestSize(hash)) {
    throw new TimestampError(
      'DIGEST_LENGTH',
      `timestamp: message imprint of ${hashedMessage.length} bytes, want ${digestSize(hash)} for ${hash}`,
    );
  }
  return { hash, hashedMessage };
}

function boundedInteger(octets: Uint8Array, max: number, what: string): Uint8Array {
  if (octets.length > max)
    throw malformedTimestamp(`${what} of ${octets.length} octets, want at most ${max}`);
  return octets;
}

/** Nine digits of a second are taken; DER has no zero at the end of them. */
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z$/;
const MAX_TIME_OCTETS = 25;

/** DerReader's `time` knows whole seconds alone, as certificates do; RFC 3161 section 2.4.2 allows a fraction. */
function readGenTime(content: Uint8Array): Date {
  const parts = content.length > MAX_TIME_OCTETS ? null : GENERALIZED_TIME.exec(decodeUtf8(content));
  if (parts === null) throw malformedTimestamp('genTime is not of the form YYYYMMDDhhmmss[.s...]Z');
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const date = new Date(iso);
  // A day or an hour that does not exist is refused or becomes another one.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) {
    throw malformedTimestamp('genTime does not exist in the calendar');
  }
  return date;
}

function readAccuracy(fields: DerReader): void {
  if (fields.tag === tags.integer) {
    const seconds = boundedInteger(fields.integerBytes(), MAX_SECONDS_OCTETS, 'accuracy');
    if ((seconds[0] as number) & 0x80) throw malformedTimestamp('accuracy is negative');
  }
  readThousandths(fields, tags.contextPrimitive | 0);
  readThousandths(fields, tags.contextPrimitive | 1);
  fields.end();
}

/** `[n] IMPLICIT INTEGER (1..999)`, when it comes next. */
function readThousandths(fields: DerReader, tag: number): void {
  if (fields.tag !== tag) return;
  const content = boundedInteger(fields.read(tag), 2, 'accuracy');
  const value = new DerReader(der(tags.integer, content)).integer();
  if (value < 1n || value > 999n) throw malformedTimestamp('accuracy is not of 1 to 999 thousandths');
}

/** One name of any form: it is a hint that no client follows. */
function readGeneralName(fields: DerReader): void {
  const { tag } = fields.element();
  fields.end();
  if ((tag & 0xc0) !== tags.contextPrimitive) throw malformedTimestamp('tsa is not a GeneralName');
}

function readExtensions(list: DerReader): void {
  const seen = new Set<string>();
  if (list.done) throw malformedTimestamp('list of extensions is empty');
  while (!list.done) {
    if (seen.size === MAX_EXTENSIONS) throw malformedTimestamp(`more than ${MAX_EXTENSIONS} extensions`);
    const extension = list.sequence();
    const oid = extension.oid();
    const critical = extension.tag === tags.boolean && extension.boolean();
    extension.octetString();
    extension.end();
    if (seen.has(oid)) throw malformedTimestamp(`extension ${oid} stands twice`);
    if (critical) throw new TimestampError('EXTENSION', `timestamp: unknown critical extension ${oid}`);
    seen.add(oid);
  }
}

import type { HashAlgorithm } from '@sigstead/crypto';
import { DerReader, encodeHex, tags } from '@sigstead/encoding';
import { hashOfOid } from './digest-algorithm.ts';
import { decodingRequest, malformed } from './errors.ts';

/** What a client asks for (RFC 3161 section 2.4.1). */
export interface TimeStampReq {
  readonly hash: HashAlgorithm;
  /** Digest of what is to be timestamped, as long as the client made it. */
  readonly hashedMessage: Uint8Array;
  /** Dotted identifier. */
  readonly policy: string | undefined;
  /** At most {@link MAX_NONCE_OCTETS} octets in two's complement. */
  readonly nonce: bigint | undefined;
  /** Whether the answer should carry the signer's certificate. */
  readonly certReq: boolean;
  /** Dotted identifiers of the extensions. */
  readonly extensions: readonly string[];
}

/** Clients send 8 to 20; nothing here needs more, and big numbers cost time. */
export const MAX_NONCE_OCTETS = 512;
const MAX_EXTENSIONS = 16;

/**
 * TimeStampReq in DER, to its last octet. An explicit `certReq FALSE` is taken, although DER leaves defaults out.
 *
 * ```asn1
 * TimeStampReq ::= SEQUENCE {
 *   version INTEGER { v1(1) }, messageImprint MessageImprint, reqPolicy OBJECT IDENTIFIER OPTIONAL,
 *   nonce INTEGER OPTIONAL, certReq BOOLEAN DEFAULT FALSE, extensions [0] IMPLICIT Extensions OPTIONAL }
 * MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
 * ```
 *
 * @param der bounded by the caller; read in one pass
 * @throws TimestampError MALFORMED, WEAK_HASH or HASH_ALGORITHM
 */
export function parseTimeStampReq(der: Uint8Array): TimeStampReq {
  return decodingRequest(() => {
    const reader = new DerReader(der);
    const fields = reader.sequence();
    reader.end();
    readVersion(fields);
    const { hash, hashedMessage } = readMessageImprint(fields.sequence());
    const request = {
      hash,
      hashedMessage,
      policy: fields.tag === tags.objectIdentifier ? fields.oid() : undefined,
      nonce: fields.tag === tags.integer ? readNonce(fields) : undefined,
      certReq: fields.tag === tags.boolean ? fields.boolean() : false,
      extensions: fields.tag === EXTENSIONS_TAG ? readExtensions(fields.constructed(EXTENSIONS_TAG)) : [],
    };
    fields.end();
    return request;
  });
}

const EXTENSIONS_TAG = tags.contextConstructed | 0;

function readVersion(fields: DerReader): void {
  const version = fields.integerBytes();
  if (version.length !== 1 || version[0] !== 1) throw malformed('version of the request is not 1');
}

function readMessageImprint(fields: DerReader): Pick<TimeStampReq, 'hash' | 'hashedMessage'> {
  const algorithm = fields.sequence();
  const hash = hashOfOid(algorithm.oid());
  if (!algorithm.done) algorithm.null();
  algorithm.end();
  // Copied: the request outlives the body it came in.
  const hashedMessage = Uint8Array.from(fields.octetString());
  fields.end();
  return { hash, hashedMessage };
}

function readNonce(fields: DerReader): bigint {
  const octets = fields.integerBytes();
  if (octets.length > MAX_NONCE_OCTETS) {
    throw malformed(`nonce of ${octets.length} octets, at most ${MAX_NONCE_OCTETS} are taken`);
  }
  return BigInt.asIntN(octets.length * 8, BigInt(`0x${encodeHex(octets)}`));
}

function readExtensions(list: DerReader): string[] {
  const extensions: string[] = [];
  if (list.done) throw malformed('list of extensions is empty');
  while (!list.done) {
    if (extensions.length === MAX_EXTENSIONS) throw malformed(`more than ${MAX_EXTENSIONS} extensions`);
    const extension = list.sequence();
    extensions.push(extension.oid());
    if (extension.tag === tags.boolean) extension.boolean();
    extension.octetString();
    extension.end();
  }
  return extensions;
}

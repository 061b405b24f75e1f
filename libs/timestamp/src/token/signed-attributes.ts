import { compareBytes, DerReader, tags, type DerElement } from '@sigstead/encoding';
import { malformedTimestamp, TimestampError } from '../errors.ts';
import { oids } from '../oids.ts';
import { readSigningCertificate, type CertificateIdentifier } from './signing-certificate.ts';

/** What the signature covers. */
export interface SignedAttributes {
  /** DER of the SET OF, as it is signed. */
  readonly raw: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly signingTime: Date | undefined;
  /** One or two: an authority may write both versions. */
  readonly signingCertificates: readonly CertificateIdentifier[];
}

const MAX_ATTRIBUTES = 32;
const SIGNED_ATTRIBUTES_TAG = tags.contextConstructed | 0;

/**
 * `[0] IMPLICIT SET OF Attribute` in DER: in order, no type twice. Attributes of other types are signed as well and say
 * nothing that is asked here.
 *
 * ```asn1
 * Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF ANY }
 * ```
 *
 * @throws TimestampError SIGNED_ATTRIBUTES, CONTENT_TYPE, SIGNING_CERTIFICATE, MALFORMED, WEAK_HASH or HASH_ALGORITHM
 * @throws EncodingError which the caller names
 */
export function readSignedAttributes(fields: DerReader): SignedAttributes {
  if (fields.tag !== SIGNED_ATTRIBUTES_TAG) {
    throw new TimestampError('SIGNED_ATTRIBUTES', 'timestamp: no signed attributes');
  }
  const set = fields.element();
  const values = readAttributes(set.content);
  verifyContentType(required(values, oids.contentType, 'content type'));
  return {
    raw: asSet(set),
    messageDigest: readMessageDigest(required(values, oids.messageDigest, 'message digest')),
    signingTime: readSigningTime(values.get(oids.signingTime)),
    signingCertificates: readSigningCertificates(values),
  };
}

/** Cursor over the values of each attribute, by type. */
function readAttributes(content: Uint8Array): ReadonlyMap<string, DerReader> {
  const attributes = new Map<string, DerReader>();
  const list = new DerReader(content);
  let previous: Uint8Array | undefined;
  while (!list.done) {
    if (attributes.size === MAX_ATTRIBUTES) {
      throw malformedTimestamp(`more than ${MAX_ATTRIBUTES} signed attributes`);
    }
    const { tag, content: attribute, raw } = list.element();
    if (tag !== tags.sequence) throw malformedTimestamp('signed attribute is not a SEQUENCE');
    // RFC 5652 section 5.3 wants DER here: an order that is free would leave the bytes of a timestamp open.
    if (previous !== undefined && compareBytes(previous, raw) >= 0) {
      throw new TimestampError('SIGNED_ATTRIBUTES', 'timestamp: signed attributes are not in order');
    }
    previous = raw;
    const fields = new DerReader(attribute);
    const type = fields.oid();
    const values = fields.set();
    fields.end();
    if (attributes.has(type)) {
      throw new TimestampError('SIGNED_ATTRIBUTES', `timestamp: signed attribute ${type} stands twice`);
    }
    attributes.set(type, values);
  }
  return attributes;
}

function required(values: ReadonlyMap<string, DerReader>, type: string, what: string): DerReader {
  const value = values.get(type);
  if (value === undefined) {
    throw new TimestampError('SIGNED_ATTRIBUTES', `timestamp: no signed attribute with the ${what}`);
  }
  return value;
}

function verifyContentType(values: DerReader): void {
  const type = values.oid();
  values.end();
  if (type !== oids.tstInfo) {
    throw new TimestampError(
      'CONTENT_TYPE',
      `timestamp: signed content type is ${type}, want ${oids.tstInfo}`,
    );
  }
}

function readMessageDigest(values: DerReader): Uint8Array {
  const messageDigest = values.octetString();
  values.end();
  return messageDigest;
}

function readSigningTime(values: DerReader | undefined): Date | undefined {
  const signingTime = values?.time();
  values?.end();
  return signingTime;
}

/** RFC 3161 section 2.4.2 and RFC 5816 want one: the signature alone does not say whose certificate was meant. */
function readSigningCertificates(values: ReadonlyMap<string, DerReader>): CertificateIdentifier[] {
  const identifiers: CertificateIdentifier[] = [];
  for (const [version, type] of [
    [1, oids.signingCertificate],
    [2, oids.signingCertificateV2],
  ] as const) {
    const value = values.get(type);
    if (value === undefined) continue;
    identifiers.push(readSigningCertificate(value, version));
    value.end();
  }
  if (identifiers.length === 0) {
    throw new TimestampError(
      'SIGNING_CERTIFICATE',
      'timestamp: no signed attribute names the signing certificate',
    );
  }
  return identifiers;
}

/** The same length and content under the tag of a SET. */
function asSet({ raw }: DerElement): Uint8Array {
  const set = new Uint8Array(raw);
  set[0] = tags.set;
  return set;
}

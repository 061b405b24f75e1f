import { derInteger, DerReader, equalBytes, tags } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { malformedTimestamp } from '../errors.ts';

/** How CMS names a certificate (RFC 5652 section 10.2.4). */
export interface IssuerAndSerialNumber {
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** Content octets of the INTEGER. */
  readonly serialNumber: Uint8Array;
}

/** @throws EncodingError, TimestampError MALFORMED */
export function readIssuerAndSerialNumber(fields: DerReader): IssuerAndSerialNumber {
  const issuer = readName(fields);
  const serialNumber = fields.integerBytes();
  fields.end();
  return { issuer, serialNumber };
}

/** A Name with its header; nobody looks into it, it is compared byte for byte. */
export function readName(fields: DerReader): Uint8Array {
  if (fields.tag !== tags.sequence) throw malformedTimestamp('issuer name is not a SEQUENCE');
  return fields.element().raw;
}

/** Whether this is the name of that certificate. */
export function identifies(name: IssuerAndSerialNumber, certificate: Certificate): boolean {
  return (
    equalBytes(name.serialNumber, new DerReader(derInteger(certificate.serialNumber)).integerBytes()) &&
    equalBytes(name.issuer, certificate.issuer)
  );
}

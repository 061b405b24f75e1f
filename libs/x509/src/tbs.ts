import { derExplicit, derInteger, derSequence, derTime } from '@sigstead/encoding';
import { decoding, X509Error } from './errors.ts';
import { encodeExtension, type Extension } from './extension.ts';

/** The parts of a TBSCertificate; names, keys and algorithms are DER. */
export interface TbsFields {
  /** Unsigned big-endian. */
  readonly serialNumber: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  /** Milliseconds are cut off. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: readonly Extension[];
}

const VERSION_3 = derExplicit(0, derInteger(2n));

/**
 * TBSCertificate of version 3 (RFC 5280 section 4.1).
 *
 * @throws X509Error PROFILE on a serial number that is zero or needs more than 20 octets, or a time that cannot be written
 */
export function encodeTbs(fields: TbsFields): Uint8Array {
  const { notBefore, notAfter } = fields;
  if (Number.isNaN(notBefore.getTime()) || Number.isNaN(notAfter.getTime())) {
    throw new X509Error('PROFILE', 'validity is not a pair of dates');
  }
  if (notBefore.getTime() > notAfter.getTime())
    throw new X509Error('PROFILE', 'validity ends before it starts');
  return derSequence(
    VERSION_3,
    serialNumber(fields.serialNumber),
    fields.signatureAlgorithm,
    fields.issuer,
    decoding('PROFILE', 'validity', () => derSequence(derTime(notBefore), derTime(notAfter))),
    fields.subject,
    fields.spki,
    derExplicit(3, derSequence(...fields.extensions.map(encodeExtension))),
  );
}

function serialNumber(value: Uint8Array): Uint8Array {
  if (value.every((octet) => octet === 0)) throw new X509Error('PROFILE', 'serial number is not positive');
  const encoded = derInteger(value);
  const octets = encoded.length - 2;
  if (octets > 20) throw new X509Error('PROFILE', `serial number of ${octets} octets, want at most 20`);
  return encoded;
}

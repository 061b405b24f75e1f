import type { HashAlgorithm, SignatureFamily } from '@sigstead/crypto';
import { tags, type DerReader } from '@sigstead/encoding';
import { readDigestAlgorithm } from '../digest-algorithm.ts';
import { TimestampError } from '../errors.ts';
import { readIssuerAndSerialNumber, type IssuerAndSerialNumber } from './issuer-and-serial-number.ts';
import { readVersion } from './parsed-tst-info.ts';
import { readSignatureAlgorithm } from './signature-algorithm.ts';
import { readSignedAttributes, type SignedAttributes } from './signed-attributes.ts';

export interface SignerInfo {
  /** Certificate of the signer, by its own word. */
  readonly signer: IssuerAndSerialNumber;
  /** Of the TSTInfo in the signed attributes, and of these in the signature. */
  readonly hash: HashAlgorithm;
  readonly signedAttributes: SignedAttributes;
  readonly family: Exclude<SignatureFamily, 'Ed25519'>;
  readonly signature: Uint8Array;
}

/**
 * SignerInfo that names the signer by issuer and serial number, with signed attributes and without unsigned ones
 * (RFC 5652 section 5.3).
 *
 * ```asn1
 * SignerInfo ::= SEQUENCE {
 *   version CMSVersion, sid IssuerAndSerialNumber, digestAlgorithm AlgorithmIdentifier,
 *   signedAttrs [0] IMPLICIT SET OF Attribute, signatureAlgorithm AlgorithmIdentifier, signature OCTET STRING }
 * ```
 *
 * @throws TimestampError MALFORMED, SIGNED_DATA, SIGNATURE_ALGORITHM, or as {@link readSignedAttributes}
 * @throws EncodingError which the caller names
 */
export function readSignerInfo(fields: DerReader): SignerInfo {
  readVersion(fields, 1, 'signer');
  const signer = readIssuerAndSerialNumber(fields.sequence());
  const hash = readDigestAlgorithm(fields, 'digest algorithm of the signer');
  const signedAttributes = readSignedAttributes(fields);
  const family = readSignatureAlgorithm(fields, hash);
  const signature = fields.octetString();
  if (fields.tag === (tags.contextConstructed | 1)) {
    throw new TimestampError('SIGNED_DATA', 'timestamp: unsigned attributes, which nobody vouches for');
  }
  fields.end();
  return { signer, hash, signedAttributes, family, signature };
}

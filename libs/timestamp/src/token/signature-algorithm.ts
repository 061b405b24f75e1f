import type { HashAlgorithm, SignatureFamily } from '@sigstead/crypto';
import type { DerReader } from '@sigstead/encoding';
import { TimestampError } from '../errors.ts';

type TimestampSignatureFamily = Exclude<SignatureFamily, 'Ed25519'>;

interface Algorithm {
  readonly family: TimestampSignatureFamily;
  /** Undefined where the digest algorithm beside it says which. */
  readonly hash: HashAlgorithm | undefined;
}

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  // RFC 5754 section 3.3.
  ['1.2.840.10045.4.3.2', { family: 'ECDSA', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { family: 'ECDSA', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { family: 'ECDSA', hash: 'sha512' }],
  // RFC 3370 section 3.2: rsaEncryption, which OpenSSL and commercial authorities write.
  ['1.2.840.113549.1.1.1', { family: 'RSA', hash: undefined }],
  // RFC 5754 section 3.2.
  ['1.2.840.113549.1.1.11', { family: 'RSA', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { family: 'RSA', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { family: 'RSA', hash: 'sha512' }],
]);

/**
 * Reads the AlgorithmIdentifier of the signature. Parameters are absent; for RSA they may also be NULL, as the RFCs want
 * and Sigstore's authority does not do.
 *
 * @param digestHash of the signer's digest algorithm, which must be the same
 * @throws TimestampError SIGNATURE_ALGORITHM
 * @throws EncodingError which the caller names
 */
export function readSignatureAlgorithm(
  fields: DerReader,
  digestHash: HashAlgorithm,
): TimestampSignatureFamily {
  const identifier = fields.sequence();
  const oid = identifier.oid();
  const algorithm = ALGORITHMS.get(oid);
  if (algorithm === undefined) {
    throw new TimestampError('SIGNATURE_ALGORITHM', `timestamp: signature algorithm ${oid} is not supported`);
  }
  const { family, hash = digestHash } = algorithm;
  if (family === 'RSA' && !identifier.done) identifier.null();
  identifier.end();
  if (hash !== digestHash) {
    throw new TimestampError(
      'SIGNATURE_ALGORITHM',
      `timestamp: signature over ${hash}, but the digest algorithm is ${digestHash}`,
    );
  }
  return family;
}

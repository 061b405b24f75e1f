import { DerReader, EncodingError, derNull, derOid, derSequence } from '@sigstead/encoding';
import type { HashAlgorithm } from './digest.ts';
import { KeyError } from './key-error.ts';
import type { KeyType } from './key-parameters.ts';

export type SignatureFamily = 'ECDSA' | 'RSA' | 'Ed25519';

export interface SignatureAlgorithm {
  readonly family: SignatureFamily;
  /** For Ed25519 the hash inside the algorithm, sha512. */
  readonly hash: HashAlgorithm;
}

const ALGORITHMS: readonly (SignatureAlgorithm & { readonly oid: string })[] = [
  // RFC 5758 section 3.2: ecdsa-with-SHA2, parameters absent.
  { oid: '1.2.840.10045.4.3.2', family: 'ECDSA', hash: 'sha256' },
  { oid: '1.2.840.10045.4.3.3', family: 'ECDSA', hash: 'sha384' },
  { oid: '1.2.840.10045.4.3.4', family: 'ECDSA', hash: 'sha512' },
  // RFC 4055 section 5: sha2WithRSAEncryption, parameters NULL.
  { oid: '1.2.840.113549.1.1.11', family: 'RSA', hash: 'sha256' },
  { oid: '1.2.840.113549.1.1.12', family: 'RSA', hash: 'sha384' },
  { oid: '1.2.840.113549.1.1.13', family: 'RSA', hash: 'sha512' },
  // RFC 8410 section 3: parameters absent.
  { oid: '1.3.101.112', family: 'Ed25519', hash: 'sha512' },
];

/** What a key of this type signs with. */
export function signatureFamily(type: KeyType): SignatureFamily {
  return type === 'RSA' || type === 'Ed25519' ? type : 'ECDSA';
}

/**
 * DER AlgorithmIdentifier of a signature, for certificates, CMS and CSRs.
 *
 * @param type of the signing key
 * @param hash ignored for Ed25519
 */
export function signatureAlgorithmIdentifier(type: KeyType, hash: HashAlgorithm): Uint8Array {
  const family = signatureFamily(type);
  const algorithm = ALGORITHMS.find(
    (row) => row.family === family && (family === 'Ed25519' || row.hash === hash),
  );
  if (algorithm === undefined)
    throw new KeyError('ALGORITHM', `no signature algorithm for ${type} with ${hash}`);
  return derSequence(derOid(algorithm.oid), ...(family === 'RSA' ? [derNull()] : []));
}

/**
 * Reads a DER AlgorithmIdentifier of a signature; parameters must be absent, or NULL for RSA.
 *
 * @throws KeyError ALGORITHM for anything outside the table above, RSASSA-PSS and SHA-1 included
 */
export function parseSignatureAlgorithm(der: Uint8Array): SignatureAlgorithm {
  try {
    const reader = new DerReader(der);
    const identifier = reader.sequence();
    reader.end();
    const oid = identifier.oid();
    const algorithm = ALGORITHMS.find((row) => row.oid === oid);
    if (algorithm === undefined)
      throw new KeyError('ALGORITHM', `signature algorithm ${oid} is not supported`);
    if (algorithm.family === 'RSA') identifier.null();
    identifier.end();
    return { family: algorithm.family, hash: algorithm.hash };
  } catch (cause) {
    if (cause instanceof EncodingError)
      throw new KeyError('ALGORITHM', `signature algorithm: ${cause.message}`, { cause });
    throw cause;
  }
}

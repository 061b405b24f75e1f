import { type HashAlgorithm, type PublicKey, verifyDigest } from '@sigstead/crypto';
import { ecdsaSignatureFromRaw } from './ecdsa-raw.ts';

/** Whether the key signed what has this digest: ECDSA as DER or as r ‖ s, RSA as PKCS#1 v1.5, Ed25519 only prehashed with SHA-512. */
export function isDigestSigned(
  publicKey: PublicKey,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (verifyDigest(publicKey, hash, digest, signature)) return true;
  const der = ecdsaSignatureFromRaw(publicKey.type, signature);
  return der !== undefined && verifyDigest(publicKey, hash, digest, der);
}

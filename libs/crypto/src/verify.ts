import { verify } from 'node:crypto';
import { curveOf } from './curves.ts';
import type { HashAlgorithm } from './digest.ts';
import { digest as digestOf, digestSize } from './digest.ts';
import { parseEcdsaSignature } from './ecdsa-signature.ts';
import { verifyEd25519Digest } from './ed25519-prehashed.ts';
import { isEcParameters } from './key-parameters.ts';
import { verifyEcdsaDigest } from './key-shift.ts';
import type { PublicKey } from './public-key.ts';
import { verifyRsaDigest } from './rsa-digest.ts';

/**
 * Verifies a signature over a message: ECDSA (strict DER), RSASSA-PKCS1-v1_5, or pure Ed25519.
 *
 * @param hash for ECDSA and RSA, independent of the curve; Ed25519 fixes its own and ignores it
 * @returns false for a wrong signature and for bytes that are none; never throws on them
 */
export function verifyMessage(
  key: PublicKey,
  hash: HashAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { parameters } = key;
  if (isEcParameters(parameters)) {
    if (parseEcdsaSignature(signature, curveOf(parameters.type)) === undefined) return false;
    return verify(hash, message, { key: key.keyObject, dsaEncoding: 'der' }, signature);
  }
  if (parameters.type === 'RSA') {
    return verifyRsaDigest(parameters, key.keyObject, hash, digestOf(hash, message), signature);
  }
  return signature.length === 64 && verify(null, message, key.keyObject, signature);
}

/**
 * Verifies a signature when only the message's digest is known: ECDSA by {@link verifyEcdsaDigest},
 * RSASSA-PKCS1-v1_5, or Ed25519ph. Pure Ed25519 hashes the message with the nonce point and cannot be verified
 * this way.
 *
 * @param hash what made the digest; Ed25519ph knows only sha512
 * @param digest exactly as long as the hash makes it, else false
 * @returns false for a wrong signature and for bytes that are none; never throws on them
 */
export function verifyDigest(
  key: PublicKey,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (digest.length !== digestSize(hash)) return false;
  const { parameters } = key;
  if (isEcParameters(parameters)) return verifyEcdsaDigest(parameters, digest, signature);
  if (parameters.type === 'RSA') return verifyRsaDigest(parameters, key.keyObject, hash, digest, signature);
  return hash === 'sha512' && verifyEd25519Digest(parameters.point, digest, signature);
}

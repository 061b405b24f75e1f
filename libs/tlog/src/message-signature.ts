import { type PublicKey, verifyMessage } from '@sigstead/crypto';
import { ecdsaSignatureFromRaw } from './ecdsa-raw.ts';

/**
 * Whether the key signed the message: SHA-256 for ECDSA (DER, or r ‖ s) and RSA (PKCS#1 v1.5) whatever the key's size, or
 * pure Ed25519. This is how Rekor checks DSSE envelopes.
 */
export function isMessageSigned(publicKey: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (verifyMessage(publicKey, 'sha256', message, signature)) return true;
  const der = ecdsaSignatureFromRaw(publicKey.type, signature);
  return der !== undefined && verifyMessage(publicKey, 'sha256', message, der);
}

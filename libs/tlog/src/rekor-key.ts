import { type PublicKey, type Signer } from '@sigstead/crypto';
import { TlogError } from './errors.ts';

/** The hash of every Rekor v1 log signature, whatever the key. */
export const REKOR_HASH = 'sha256';

/** Key hint of a Rekor v1 log: the first 4 bytes of SHA-256 over its SPKI, thus also of its log ID. */
export function rekorKeyHint(key: PublicKey): Uint8Array {
  return key.keyId.slice(0, 4);
}

/**
 * Refuses a signer whose signatures Rekor v1 verifiers could not check.
 *
 * @throws TlogError SIGNER unless the signer hashes with SHA-256 or is Ed25519, which hashes on its own
 */
export function assertRekorSigner(signer: Signer): void {
  if (signer.publicKey.type === 'Ed25519' || signer.hash === REKOR_HASH) return;
  throw new TlogError('SIGNER', `log signer hashes with ${signer.hash}, want ${REKOR_HASH}`);
}

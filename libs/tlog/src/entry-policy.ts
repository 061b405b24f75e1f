import { type HashAlgorithm, type PublicKey } from '@sigstead/crypto';
import { EntryPolicyError } from './errors.ts';

/** Names of Rekor's `--client-signing-algorithms`. */
export type SigningAlgorithm =
  | 'ecdsa-sha2-256-nistp256'
  | 'ecdsa-sha2-384-nistp384'
  | 'ecdsa-sha2-512-nistp521'
  | 'rsa-sign-pkcs1-2048-sha256'
  | 'rsa-sign-pkcs1-3072-sha256'
  | 'rsa-sign-pkcs1-4096-sha256'
  | 'ed25519-ph';

/** Which entries a log admits beyond being sound. */
export interface EntryPolicy {
  readonly algorithms: readonly SigningAlgorithm[];
}

/** Rekor's default. Its list has pure Ed25519 too, but no digest can be checked with that, so no entry can use it. */
export const DEFAULT_ENTRY_POLICY: EntryPolicy = {
  algorithms: [
    'ecdsa-sha2-256-nistp256',
    'ecdsa-sha2-384-nistp384',
    'ecdsa-sha2-512-nistp521',
    'rsa-sign-pkcs1-2048-sha256',
    'rsa-sign-pkcs1-3072-sha256',
    'rsa-sign-pkcs1-4096-sha256',
    'ed25519-ph',
  ],
};

/** @throws EntryPolicyError unless the policy lists this pair of key and hash */
export function assertAlgorithmAllowed(key: PublicKey, hash: HashAlgorithm, policy: EntryPolicy): void {
  const algorithm = signingAlgorithmOf(key, hash);
  if (policy.algorithms.some((allowed) => allowed === algorithm)) return;
  throw new EntryPolicyError('entry algorithms are not allowed');
}

/** The registered name a pair of key and hash would have, whether or not there is such a name. */
function signingAlgorithmOf(key: PublicKey, hash: HashAlgorithm): string {
  const bits = hash.slice('sha'.length);
  switch (key.type) {
    case 'RSA':
      return `rsa-sign-pkcs1-${key.rsaModulusBits}-${hash}`;
    case 'Ed25519':
      return hash === 'sha512' ? 'ed25519-ph' : 'ed25519';
    default:
      return `ecdsa-sha2-${bits}-nist${key.type.replace('-', '').toLowerCase()}`;
  }
}

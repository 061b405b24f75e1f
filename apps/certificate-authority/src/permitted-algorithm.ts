import type { HashAlgorithm, KeyType } from '@sigstead/crypto';
import { IssuanceError } from './issuance-error.ts';
import type { ProvenKey } from './proof-of-possession.ts';

/** Fulcio's default for `--client-signing-algorithms`; which RSA sizes count was asked when the key was read. */
const PERMITTED: Readonly<Record<KeyType, HashAlgorithm>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
  RSA: 'sha256',
  Ed25519: 'sha512',
};

const HASH_NAMES: Readonly<Record<HashAlgorithm, string>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/**
 * Whether keys of this type may be certified when they sign with this hash. Only signing requests can name another.
 *
 * @throws IssuanceError ALGORITHM in Fulcio's words, which are Go's
 */
export function assertPermittedAlgorithm({ publicKey, hash }: ProvenKey): void {
  if (PERMITTED[publicKey.type] === hash) return;
  throw new IssuanceError(
    'ALGORITHM',
    `signing algorithm not permitted: ${goType(publicKey.type)}, ${HASH_NAMES[hash]}`,
  );
}

function goType(type: KeyType): string {
  if (type === 'RSA') return '*rsa.PublicKey';
  return type === 'Ed25519' ? 'ed25519.PublicKey' : '*ecdsa.PublicKey';
}

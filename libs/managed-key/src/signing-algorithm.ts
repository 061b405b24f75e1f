import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';

interface KeyKind {
  readonly type: KeyType;
  readonly rsaModulusBits?: number;
}

/** Sigstore's names (its algorithm registry) of what keys can be generated for. */
const KINDS = {
  'ecdsa-sha2-256-nistp256': { type: 'P-256' },
  'ecdsa-sha2-384-nistp384': { type: 'P-384' },
  'ecdsa-sha2-512-nistp521': { type: 'P-521' },
  ed25519: { type: 'Ed25519' },
  'ed25519-ph': { type: 'Ed25519' },
  'rsa-sign-pkcs1-2048-sha256': { type: 'RSA', rsaModulusBits: 2048 },
  'rsa-sign-pkcs1-3072-sha256': { type: 'RSA', rsaModulusBits: 3072 },
  'rsa-sign-pkcs1-4096-sha256': { type: 'RSA', rsaModulusBits: 4096 },
} as const satisfies Record<string, KeyKind>;

export type SigningAlgorithm = keyof typeof KINDS;

export const signingAlgorithms = Object.keys(KINDS) as readonly SigningAlgorithm[];

export const DEFAULT_SIGNING_ALGORITHM: SigningAlgorithm = 'ecdsa-sha2-256-nistp256';

/** A new key that signs with this algorithm. */
export function generateKey(algorithm: SigningAlgorithm): PrivateKeySigner {
  const { type, rsaModulusBits }: KeyKind = KINDS[algorithm];
  return PrivateKeySigner.generate(type, rsaModulusBits);
}

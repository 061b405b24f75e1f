import type { Revocation, RevocationList } from '../revocation.ts';

export const NOW = new Date('2026-06-01T12:00:00Z');
export const hours = (count: number): Date => new Date(NOW.getTime() + count * 3_600_000);

export const SERIAL = Uint8Array.of(0x7f, 0, 1);
export const KEY = new Uint8Array(32).fill(1);
export const CA = new Uint8Array(32).fill(2);
export const IDENTITY = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
export const ISSUER = 'https://token.actions.githubusercontent.com';

const made = { from: hours(-2), reason: 'keyCompromise', revokedAt: hours(-1) } as const;

/** One of each kind. */
export const REVOCATIONS = {
  serial: { ...made, target: { kind: 'serial', serialNumber: SERIAL, authorityKeyId: CA } },
  key: { ...made, target: { kind: 'key', keyHash: KEY } },
  identity: { ...made, target: { kind: 'identity', identity: IDENTITY } },
  issuerIdentity: { ...made, target: { kind: 'identity', identity: IDENTITY, issuer: ISSUER } },
  authority: { ...made, target: { kind: 'authority', authorityKeyId: CA } },
} satisfies Record<string, Revocation>;

export function listOf(...revocations: readonly Revocation[]): RevocationList {
  return { sequence: revocations.length, issuedAt: NOW, nextUpdate: hours(24), revocations };
}

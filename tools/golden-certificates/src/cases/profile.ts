import type { KeyType } from '@sigstead/crypto';
import { type CaseGroup, type ClientKeyKind, type GoldenCase } from '../golden-case.ts';

const claims = {
  iss: 'https://accounts.google.com',
  sub: '112233445566778899001',
  email: 'dev@example.org',
  email_verified: true,
};

const CLIENT_KEYS: readonly ClientKeyKind[] = [
  'P-256',
  'P-384',
  'P-521',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'Ed25519',
];
const AUTHORITY_KEYS: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'];

/** Every client key under the usual CA, and every kind of CA key, with and without a timestamp. */
export const profile: CaseGroup = {
  folder: 'profile',
  cases: [
    ...CLIENT_KEYS.flatMap((key): GoldenCase[] => [
      { name: `client-${key.toLowerCase()}`, claims, key },
      { name: `client-${key.toLowerCase()}-with-timestamp`, claims, key, log: true },
    ]),
    ...AUTHORITY_KEYS.flatMap((authority): GoldenCase[] => [
      { name: `authority-${authority.toLowerCase()}`, claims, authority },
      { name: `authority-${authority.toLowerCase()}-with-timestamp`, claims, authority, log: true },
    ]),
  ],
};

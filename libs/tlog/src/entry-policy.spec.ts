import { describe, expect, it } from '@jest/globals';
import { type HashAlgorithm, type KeyType, PrivateKeySigner } from '@sigstead/crypto';
import { assertAlgorithmAllowed, DEFAULT_ENTRY_POLICY } from './entry-policy.ts';
import { refusal } from './testonly/errors.ts';

const allowed: Readonly<Record<KeyType, HashAlgorithm>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
  RSA: 'sha256',
  Ed25519: 'sha512',
};

describe.each(Object.entries(allowed) as [KeyType, HashAlgorithm][])(
  'the default policy for %s',
  (type, wanted) => {
    const { publicKey } = PrivateKeySigner.generate(type);

    it.each<HashAlgorithm>(['sha256', 'sha384', 'sha512'])(`decides about %s`, (hash) => {
      expect(refusal(() => assertAlgorithmAllowed(publicKey, hash, DEFAULT_ENTRY_POLICY))).toBe(
        hash === wanted ? 'accepted' : 'ALGORITHM_POLICY',
      );
    });

    it('admits nothing when the list is empty', () => {
      expect(refusal(() => assertAlgorithmAllowed(publicKey, wanted, { algorithms: [] }))).toBe(
        'ALGORITHM_POLICY',
      );
    });
  },
);

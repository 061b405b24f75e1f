import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { curveOf } from './curves.ts';
import type { CurveName } from './curves.ts';
import type { HashAlgorithm } from './digest.ts';
import { digest } from './digest.ts';
import { integerToBytes } from './integers.ts';
import { isEcParameters } from './key-parameters.ts';
import { PublicKey } from './public-key.ts';
import { refusal } from './testonly/refusal.ts';
import { readWycheproof } from './testonly/wycheproof.ts';
import { verifyDigest, verifyMessage } from './verify.ts';

const directory = join(
  process.env['SIGSTEAD_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors'),
  'wycheproof',
);
const describeVectors = existsSync(directory) ? describe : describe.skip;

const ecdsa: readonly [CurveName, HashAlgorithm, string][] = [
  ['P-256', 'sha256', 'ecdsa_secp256r1_sha256_test.json'],
  ['P-256', 'sha512', 'ecdsa_secp256r1_sha512_test.json'],
  ['P-384', 'sha256', 'ecdsa_secp384r1_sha256_test.json'],
  ['P-384', 'sha384', 'ecdsa_secp384r1_sha384_test.json'],
  ['P-384', 'sha512', 'ecdsa_secp384r1_sha512_test.json'],
  ['P-521', 'sha512', 'ecdsa_secp521r1_sha512_test.json'],
];

describeVectors('wycheproof', () => {
  it.each(ecdsa)(
    'ECDSA %s with %s: OpenSSL over the message, the key shift and noble over the digest all agree',
    (curve, hash, file) => {
      let count = 0;
      for (const { spki, tests } of readWycheproof(directory, file)) {
        const key = PublicKey.fromSpki(spki);
        expect(encodeHex(key.spki)).toBe(encodeHex(spki));
        for (const { id, message, signature, result } of tests) {
          const hashed = digest(hash, message);
          const got = {
            message: verifyMessage(key, hash, message, signature),
            digest: verifyDigest(key, hash, hashed, signature),
            noble: verifyWithNoble(key, hashed, signature),
          };
          const valid = result === 'valid';
          expect({ id, ...got }).toEqual({ id, message: valid, digest: valid, noble: valid });
          count++;
        }
      }
      expect(count).toBeGreaterThan(450);
      expect(curve).toBe(curveOf(curve).name);
    },
    60_000,
  );

  it('ECDSA r || s (P1363) is never taken for DER', () => {
    for (const { spki, tests } of readWycheproof(directory, 'ecdsa_secp256r1_sha256_p1363_test.json')) {
      const key = PublicKey.fromSpki(spki);
      for (const { id, message, signature } of tests) {
        const got = [
          verifyMessage(key, 'sha256', message, signature),
          verifyDigest(key, 'sha256', digest('sha256', message), signature),
        ];
        expect({ id, got }).toEqual({ id, got: [false, false] });
      }
    }
  });

  it.each([2048, 3072, 4096])(
    'RSA %i: only the one right encoding verifies, message and digest alike',
    (bits) => {
      const tally = { keys: 0, refusedKeys: 0 };
      for (const { spki, tests } of readWycheproof(directory, `rsa_signature_${bits}_sha256_test.json`)) {
        // Groups with exponent 3 never come past the gate.
        if (refusal(() => PublicKey.fromSpki(spki)) === 'KEY_WEAK') {
          tally.refusedKeys++;
          continue;
        }
        tally.keys++;
        const key = PublicKey.fromSpki(spki);
        for (const { id, message, signature, result, flags } of tests) {
          const got = {
            message: verifyMessage(key, 'sha256', message, signature),
            digest: verifyDigest(key, 'sha256', digest('sha256', message), signature),
          };
          // The one "acceptable" case leaves out the NULL of the DigestInfo: refused.
          if (result === 'acceptable') expect(flags).toEqual(['MissingNull']);
          const valid = result === 'valid';
          expect({ id, ...got }).toEqual({ id, message: valid, digest: valid });
        }
      }
      expect(tally.keys).toBeGreaterThan(0);
    },
  );

  it('Ed25519: strict encodings, and no pure signature passes for a prehashed one', () => {
    let count = 0;
    for (const { spki, tests } of readWycheproof(directory, 'ed25519_test.json')) {
      const key = PublicKey.fromSpki(spki);
      for (const { id, message, signature, result } of tests) {
        expect({ id, got: verifyMessage(key, 'sha512', message, signature) }).toEqual({
          id,
          got: result === 'valid',
        });
        expect({ id, got: verifyDigest(key, 'sha512', digest('sha512', message), signature) }).toEqual({
          id,
          got: false,
        });
        count++;
      }
    }
    expect(count).toBeGreaterThan(140);
  });
});

function verifyWithNoble(key: PublicKey, hashed: Uint8Array, signature: Uint8Array): boolean {
  if (!isEcParameters(key.parameters)) return false;
  const { type, x, y } = key.parameters;
  const { noble, size } = curveOf(type);
  const point = Uint8Array.of(4, ...integerToBytes(x, size), ...integerToBytes(y, size));
  return noble.verify(signature, hashed, point, { prehash: false, lowS: false, format: 'der' });
}

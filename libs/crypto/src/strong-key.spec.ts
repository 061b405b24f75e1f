import { describe, expect, it } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import { curveOf } from './curves.ts';
import { PublicKey } from './public-key.ts';
import { encodeSpki } from './spki.ts';
import { assertStrongKey } from './strong-key.ts';
import { refusal } from './testonly/refusal.ts';
import { generateRsa, keyOf } from './testonly/sample-keys.ts';

const verdict = (n: bigint, e = 65537n) =>
  refusal(() => assertStrongKey(PublicKey.fromSpki(encodeSpki({ type: 'RSA', n, e }))));
const reason = (n: bigint) => () =>
  assertStrongKey(PublicKey.fromSpki(encodeSpki({ type: 'RSA', n, e: 65537n })));
const primes = Array.from({ length: 750 }, (_, i) => BigInt(i + 2)).filter((n) => {
  for (let d = 2n; d * d <= n; d++) if (n % d === 0n) return false;
  return true;
});
const isRough = (n: bigint): boolean => primes.every((prime) => n % prime !== 0n);

/** The first number from `start` on, in steps, that has no prime factor below 752. */
function rough(start: bigint, step = 2n): bigint {
  let n = start;
  while (!isRough(n)) n += step;
  return n;
}

describe('assertStrongKey', () => {
  it.each([2048, 3072, 4096])('takes RSA of %i bits from OpenSSL', (bits) => {
    expect(verdict(generateRsa(bits).n)).toBeUndefined();
  });

  it('takes every EC and Ed25519 key that is through the gate', () => {
    for (const name of ['P-256', 'P-384', 'P-521'] as const) {
      expect(refusal(() => assertStrongKey(keyOf(curveOf(name), 5n)))).toBeUndefined();
    }
    const key = PublicKey.fromSpki(encodeSpki({ type: 'Ed25519', point: ed25519.Point.BASE.toBytes() }));
    expect(refusal(() => assertStrongKey(key))).toBeUndefined();
  });

  it('refuses sizes between and beyond', () => {
    for (const bits of [2049, 2056, 2560, 3071, 4097, 8192]) {
      expect(verdict(rough((1n << BigInt(bits - 1)) + 1n))).toBe('KEY_UNSUPPORTED');
    }
  });

  it('refuses exponents other than 65537', () => {
    expect(verdict(generateRsa(2048).n, 65539n)).toBe('KEY_UNSUPPORTED');
  });

  it('refuses small factors up to 751, and not 757', () => {
    for (const factor of [3n, 5n, 743n, 751n]) {
      expect(reason(multipleOf(factor))).toThrow(`RSA modulus is divisible by ${factor}`);
    }
    expect(verdict(multipleOf(757n))).toBeUndefined();
  });

  it('refuses the ROCA fingerprint', () => {
    const base = primes.filter((prime) => prime <= 167n).reduce((product, prime) => product * prime, 1n);
    let residue = 1n;
    for (let i = 0; i < 1234; i++) residue = (residue * 65537n) % base;
    const start = ((1n << 2047n) / base + 1n) * base + residue;
    const n = rough(start, base);
    expect(reason(n)).toThrow('ROCA');
    // The same number is harmless as soon as one residue leaves the subgroup: 65537 generates half of the
    // residues modulo 11.
    expect(verdict(rough(n + 2n))).toBeUndefined();
  });

  it('refuses factors so close that Fermat finds them', () => {
    const p = rough((3n << 1022n) + 1n);
    const close = rough(p + (1n << 500n));
    expect(reason(p * p)).toThrow('close to each other');
    expect(reason(p * close)).toThrow('close to each other');
    // 100 rounds reach a difference of about sqrt(8 * 100) * n^(1/4), that is 2^516 here.
    expect(reason(p * rough(p + (1n << 515n)))).toThrow('close to each other');
    expect(verdict(p * rough(p + (1n << 530n)))).toBeUndefined();
  });
});

/** A 2048-bit multiple of the factor whose cofactor has no factor below 752. */
function multipleOf(factor: bigint): bigint {
  return factor * rough(((1n << 2047n) / factor + 1n) | 1n);
}

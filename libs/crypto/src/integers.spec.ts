import { describe, expect, it } from '@jest/globals';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { bitLength, bytesToInteger, integerSquareRoot, integerToBytes, invert, mod } from './integers.ts';

const big = fc.bigInt({ min: 0n, max: (1n << 600n) - 1n });
const CURVE_PRIMES = [p256, p384, p521].flatMap(({ Point }) => [Point.CURVE().p, Point.CURVE().n]);
const PRIMES = [3n, 65537n, (1n << 255n) - 19n, ...CURVE_PRIMES];

describe('integers', () => {
  it('law: bytes and back', () => {
    fc.assert(fc.property(big, (n) => expect(bytesToInteger(integerToBytes(n, 75))).toBe(n)));
    expect(bytesToInteger(new Uint8Array(0))).toBe(0n);
    expect(integerToBytes(258n, 4)).toEqual(Uint8Array.of(0, 0, 1, 2));
  });

  it('law: the inverse times the number is one', () => {
    fc.assert(
      fc.property(big, fc.constantFrom(...PRIMES), (n, prime) => {
        fc.pre(n % prime !== 0n);
        expect(mod(n * invert(n, prime), prime)).toBe(1n);
        expect(mod(-n * invert(-n, prime), prime)).toBe(1n);
      }),
    );
  });

  it('inverts numbers next to powers of two and to the prime, where leading digits decide little', () => {
    for (const prime of PRIMES) {
      const powers = Array.from({ length: bitLength(prime) }, (_, bit) => 1n << BigInt(bit));
      const near = powers.flatMap((power) => [power - 1n, power, power + 1n, prime - power]);
      for (const n of near.filter((each) => mod(each, prime) !== 0n))
        expect(mod(n * invert(n, prime), prime)).toBe(1n);
    }
  });

  it('refuses to invert what has no inverse', () => {
    expect(() => invert(0n, 65537n)).toThrow(RangeError);
    expect(() => invert(6n, 9n)).toThrow(RangeError);
  });

  it('law: the square root is the last one that fits', () => {
    fc.assert(
      fc.property(big, (n) => {
        const root = integerSquareRoot(n);
        expect(root * root <= n && n < (root + 1n) * (root + 1n)).toBe(true);
        expect(integerSquareRoot(n * n)).toBe(n);
      }),
    );
    expect([0n, 1n, 3n, 4n].map(integerSquareRoot)).toEqual([0n, 1n, 1n, 2n]);
  });

  it('counts bits', () => {
    expect([0n, 1n, 255n, 256n].map(bitLength)).toEqual([0, 1, 8, 9]);
  });
});

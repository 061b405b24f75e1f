import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bitLength, bytesToInteger, integerSquareRoot, integerToBytes, invert, mod } from './integers.ts';

const big = fc.bigInt({ min: 0n, max: (1n << 600n) - 1n });
const PRIMES = [3n, 65537n, (1n << 255n) - 19n, (1n << 521n) - 1n];

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

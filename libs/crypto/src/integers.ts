import type { DerReader } from '@sigstead/encoding';
import { EncodingError, decodeHex, encodeHex } from '@sigstead/encoding';

/** Unsigned big-endian number; 0 for no bytes. */
export function bytesToInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${encodeHex(bytes)}`);
}

/** Big-endian bytes of exactly `size`. Requires 0 <= value < 256^size. */
export function integerToBytes(value: bigint, size: number): Uint8Array {
  return decodeHex(value.toString(16).padStart(2 * size, '0'));
}

/**
 * Next INTEGER of a DER sequence, which must not be negative.
 *
 * @throws EncodingError DER
 */
export function readUnsigned(reader: DerReader): bigint {
  const content = reader.integerBytes();
  if ((content[0] ?? 0) >= 0x80)
    throw new EncodingError('DER', 'DER: INTEGER is negative, want an unsigned one');
  return bytesToInteger(content);
}

/** Number of binary digits; 0 for 0. Requires n >= 0. */
export function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}

/** The representative in [0, modulus). */
export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/**
 * Inverse modulo a prime, by Euclid: for public values only, its time depends on them. Requires value not
 * divisible by it.
 */
export function invert(value: bigint, modulus: bigint): bigint {
  const reduced = mod(value, modulus);
  let [low, high] = [reduced, modulus];
  let [lowFactor, highFactor] = [1n, 0n];
  while (low > 1n) {
    const step = leadingSteps(high, low) ?? [0n, 1n, 1n, -(high / low)];
    [high, low] = [step[0] * high + step[1] * low, step[2] * high + step[3] * low];
    [highFactor, lowFactor] = [
      step[0] * highFactor + step[1] * lowFactor,
      step[2] * highFactor + step[3] * lowFactor,
    ];
  }
  const inverse = mod(lowFactor, modulus);
  // Signatures are judged by this number: a wrong one must never get further.
  if (mod(reduced * inverse, modulus) !== 1n) throw new RangeError('the number has no inverse');
  return inverse;
}

type Steps = readonly [bigint, bigint, bigint, bigint];

/** Products of two factors and a quotient stay exact in a double. */
const MAX_FACTOR = 2 ** 25;

/**
 * The steps of Euclid that the leading 52 bits of both numbers decide, as one matrix (Knuth, The Art of Computer Programming
 * volume 2, algorithm 4.5.2 L): two to three times faster than one division of big integers per step.
 *
 * @returns undefined when they do not decide even one
 */
function leadingSteps(high: bigint, low: bigint): Steps | undefined {
  const shift = BigInt(Math.max(0, 4 * high.toString(16).length - 52));
  let [h, l] = [Number(high >> shift), Number(low >> shift)];
  let [a, b, c, d] = [1, 0, 0, 1];
  while (l + c !== 0 && l + d !== 0) {
    const quotient = Math.floor((h + a) / (l + c));
    if (quotient !== Math.floor((h + b) / (l + d))) break;
    const [nextC, nextD] = [a - quotient * c, b - quotient * d];
    if (Math.abs(nextC) > MAX_FACTOR || Math.abs(nextD) > MAX_FACTOR) break;
    [a, b, c, d] = [c, d, nextC, nextD];
    [h, l] = [l, h - quotient * l];
  }
  return b === 0 ? undefined : [BigInt(a), BigInt(b), BigInt(c), BigInt(d)];
}

/** Largest r with r * r <= n (Newton's method). Requires n >= 0. */
export function integerSquareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

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
  let [low, high] = [mod(value, modulus), modulus];
  let [lowFactor, highFactor] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [lowFactor, highFactor] = [highFactor - quotient * lowFactor, lowFactor];
  }
  return mod(lowFactor, modulus);
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

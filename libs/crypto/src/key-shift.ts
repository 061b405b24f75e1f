import { createECDH, verify, type ECDH } from 'node:crypto';
import type { Curve } from './curves.ts';
import { curveOf } from './curves.ts';
import { sha256 } from './digest.ts';
import type { EcdsaSignature } from './ecdsa-signature.ts';
import { parseEcdsaSignature } from './ecdsa-signature.ts';
import { importPublicKey } from './import-key.ts';
import { bytesToInteger, integerToBytes, invert, mod } from './integers.ts';
import type { EcParameters } from './key-parameters.ts';

const EMPTY_MESSAGE = new Uint8Array(0);
const EMPTY_MESSAGE_DIGEST = sha256(EMPTY_MESSAGE);

/**
 * Verifies ECDSA over a digest with OpenSSL, although node:crypto only verifies over messages.
 *
 * With z the number of the digest, a signature (r, s) under Q is valid when x((z/s)G + (r/s)Q) = r mod n (FIPS
 * 186-5 section 6.4.2). Put z' = number of the digest of the empty message and Q' = Q + ((z - z')/r)G. Then
 * (z'/s)G + (r/s)Q' = (z'/s)G + (r/s)Q + ((z - z')/s)G = (z/s)G + (r/s)Q: the same point, hence the same answer.
 * So OpenSSL is asked about the same signature, the empty message and the shifted key Q'.
 *
 * All numbers here are public, so nothing needs constant time. The shift happens behind the key gate: Q' is a
 * sum of two checked points that is never infinity.
 *
 * @param key a point that has passed the gate
 * @param digest any hash's output; longer ones are cut to the order's bits
 * @param signature DER
 */
export function verifyEcdsaDigest(key: EcParameters, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = curveOf(key.type);
  const parsed = parseEcdsaSignature(signature, curve);
  if (parsed === undefined) return false;
  const shift = shiftScalar(curve, parsed, digest);
  if (shift === 0n) return verifyEmptyMessage(key, signature);
  const shiftPoint = multiplyBase(curve, shift);
  // Equal x means Q' is 2Q, whose slope is another formula, or infinity, which is no key at all. Reachable only
  // by the key's owner.
  if (shiftPoint.x === key.x)
    return curve.noble.verify(signature, digest, encodeForNoble(curve, key), NOBLE_OPTIONS);
  return verifyEmptyMessage(addPoints(curve, key, shiftPoint), signature);
}

/** (z - z')/r mod n. */
function shiftScalar(curve: Curve, { r }: EcdsaSignature, digest: Uint8Array): bigint {
  const difference = mod(
    digestToScalar(curve, digest) - digestToScalar(curve, EMPTY_MESSAGE_DIGEST),
    curve.n,
  );
  return difference === 0n ? 0n : mod(difference * invert(r, curve.n), curve.n);
}

/** Leftmost bits of the digest, as many as the order has, modulo the order (FIPS 186-5 section 6.4.2 step 2). */
function digestToScalar({ orderBits, n }: Curve, digest: Uint8Array): bigint {
  const excess = Math.max(0, 8 * digest.length - orderBits);
  return mod(bytesToInteger(digest) >> BigInt(excess), n);
}

/** One per curve, since making one costs as much as the multiplication. Each use sets its own key and reads it at once. */
const multipliers = new Map<string, ECDH>();

/** kG by OpenSSL, which derives the public point when a private key is set. Requires 0 < k < n. */
function multiplyBase(curve: Curve, k: bigint): EcParameters {
  const ecdh = multipliers.get(curve.name) ?? createECDH(curve.opensslName);
  multipliers.set(curve.name, ecdh);
  ecdh.setPrivateKey(integerToBytes(k, Math.ceil(curve.orderBits / 8)));
  const point = ecdh.getPublicKey();
  return {
    type: curve.name,
    x: bytesToInteger(point.subarray(1, 1 + curve.size)),
    y: bytesToInteger(point.subarray(1 + curve.size)),
  };
}

/** Chord addition in affine coordinates. Requires different x, so the sum is never infinity. */
function addPoints({ p }: Curve, a: EcParameters, b: EcParameters): EcParameters {
  const slope = mod((b.y - a.y) * invert(b.x - a.x, p), p);
  const x = mod(slope * slope - a.x - b.x, p);
  const y = mod(slope * (a.x - x) - a.y, p);
  return { type: a.type, x, y };
}

function verifyEmptyMessage(key: EcParameters, signature: Uint8Array): boolean {
  return verify('sha256', EMPTY_MESSAGE, { key: importPublicKey(key), dsaEncoding: 'der' }, signature);
}

const NOBLE_OPTIONS = { prehash: false, lowS: false, format: 'der' } as const;

function encodeForNoble(curve: Curve, { x, y }: EcParameters): Uint8Array {
  return curve.noble.Point.fromAffine({ x, y }).toBytes(false);
}

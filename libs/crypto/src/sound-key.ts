import { ed25519 } from '@noble/curves/ed25519.js';
import { curveOf, isOnCurve } from './curves.ts';
import { bitLength } from './integers.ts';
import { KeyError } from './key-error.ts';
import type { EcParameters, Ed25519Parameters, KeyParameters, RsaParameters } from './key-parameters.ts';
import { isEcParameters } from './key-parameters.ts';

/** Below, factoring is within reach; above, one verification costs too much to offer to strangers. */
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;
const MIN_RSA_EXPONENT = 65537n;
/** Go's crypto/rsa, which most Sigstore clients verify with, refuses larger exponents. It also bounds the cost. */
const MAX_RSA_EXPONENT = (1n << 31n) - 1n;

/**
 * The half of the key gate that judges numbers: nothing that fails here ever becomes an OpenSSL key. Node 20 and
 * 24 take an EC key at infinity, under which forged signatures verify, and abort when it is exported.
 *
 * @throws KeyError KEY_NOT_ON_CURVE, KEY_WEAK, KEY_UNSUPPORTED, KEY_MALFORMED
 */
export function assertSoundKey(parameters: KeyParameters): void {
  if (isEcParameters(parameters)) assertSoundPoint(parameters);
  else if (parameters.type === 'RSA') assertSoundRsa(parameters);
  else assertSoundEd25519(parameters);
}

// The cofactor is 1: a point on the curve that has coordinates has order n. No further subgroup check is needed.
function assertSoundPoint({ type, x, y }: EcParameters): void {
  if (!isOnCurve(curveOf(type), x, y))
    throw new KeyError('KEY_NOT_ON_CURVE', `point is not on the curve ${type}`);
}

function assertSoundRsa({ n, e }: RsaParameters): void {
  const bits = bitLength(n);
  if (bits < MIN_RSA_BITS)
    throw new KeyError('KEY_WEAK', `RSA modulus of ${bits} bits, want at least ${MIN_RSA_BITS}`);
  if (bits > MAX_RSA_BITS) {
    throw new KeyError('KEY_UNSUPPORTED', `RSA modulus of ${bits} bits, want at most ${MAX_RSA_BITS}`);
  }
  if ((n & 1n) === 0n) throw new KeyError('KEY_WEAK', 'RSA modulus is even');
  if (e < MIN_RSA_EXPONENT) {
    throw new KeyError('KEY_WEAK', `RSA exponent ${e}, want at least ${MIN_RSA_EXPONENT}`);
  }
  if (e > MAX_RSA_EXPONENT) {
    throw new KeyError(
      'KEY_UNSUPPORTED',
      `RSA exponent of ${bitLength(e)} bits, want at most ${MAX_RSA_EXPONENT}`,
    );
  }
  if ((e & 1n) === 0n) throw new KeyError('KEY_WEAK', 'RSA exponent is even');
}

function assertSoundEd25519({ point }: Ed25519Parameters): void {
  const decoded = decodeEd25519(point);
  if (decoded.isSmallOrder()) throw new KeyError('KEY_WEAK', 'Ed25519 point has small order');
}

function decodeEd25519(point: Uint8Array): InstanceType<typeof ed25519.Point> {
  if (point.length !== 32)
    throw new KeyError('KEY_MALFORMED', `Ed25519 key of ${point.length} bytes, want 32`);
  try {
    // false: RFC 8032 section 5.1.3 to the letter, so y >= p and "-0" are refused.
    return ed25519.Point.fromBytes(point, false);
  } catch (cause) {
    throw new KeyError('KEY_NOT_ON_CURVE', 'Ed25519 key is no canonical encoding of a point', { cause });
  }
}

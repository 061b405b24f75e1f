import { generateKeyPairSync } from 'node:crypto';
import type { Curve } from '../curves.ts';
import type { EcParameters } from '../key-parameters.ts';
import { PublicKey } from '../public-key.ts';
import { encodeSpki } from '../spki.ts';

/** Public point of a secret scalar, by noble. */
export function pointOf(curve: Curve, secret: bigint): EcParameters {
  return { type: curve.name, ...curve.noble.Point.BASE.multiply(secret).toAffine() };
}

export function keyOf(curve: Curve, secret: bigint): PublicKey {
  return PublicKey.fromSpki(encodeSpki(pointOf(curve, secret)));
}

/** A fresh RSA key from OpenSSL: SPKI and modulus. */
export function generateRsa(bits: number, exponent = 65537): { spki: Uint8Array; n: bigint } {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent });
  const { n } = publicKey.export({ format: 'jwk' });
  return {
    spki: Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })),
    n: BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex')}`),
  };
}

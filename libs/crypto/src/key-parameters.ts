import type { CurveName } from './curves.ts';

export type KeyType = CurveName | 'RSA' | 'Ed25519';

export interface EcParameters {
  readonly type: CurveName;
  /** Affine coordinates, in [0, p). */
  readonly x: bigint;
  readonly y: bigint;
}

export interface RsaParameters {
  readonly type: 'RSA';
  /** Modulus. */
  readonly n: bigint;
  /** Public exponent. */
  readonly e: bigint;
}

export interface Ed25519Parameters {
  readonly type: 'Ed25519';
  /** RFC 8032 encoding, 32 bytes. */
  readonly point: Uint8Array;
}

/** A public key as numbers, apart from any encoding. */
export type KeyParameters = EcParameters | RsaParameters | Ed25519Parameters;

export function isEcParameters(parameters: KeyParameters): parameters is EcParameters {
  return parameters.type !== 'RSA' && parameters.type !== 'Ed25519';
}

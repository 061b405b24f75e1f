import { p256, p384, p521 } from '@noble/curves/nist.js';

/** Curves by their name in JWK (RFC 7518 section 6.2.1.1), which is also our key type. */
export type CurveName = 'P-256' | 'P-384' | 'P-521';

/** y^2 = x^3 - 3x + b over p, prime order n, cofactor 1 (FIPS 186-5, SP 800-186 section 3.2.1). */
export interface Curve {
  readonly name: CurveName;
  /** Named-curve OID (RFC 5480 section 2.1.1.1). */
  readonly oid: string;
  /** OpenSSL's name. */
  readonly opensslName: string;
  /** Bytes of a coordinate. */
  readonly size: number;
  /** Bits of the order, to which a digest is cut. */
  readonly orderBits: number;
  readonly p: bigint;
  readonly b: bigint;
  readonly n: bigint;
  /** Slow and independent of OpenSSL: for the cases the key shift cannot express. */
  readonly noble: typeof p256;
}

const CURVES: Readonly<Record<CurveName, Curve>> = {
  'P-256': curve('P-256', '1.2.840.10045.3.1.7', 'prime256v1', 32, 256, p256),
  'P-384': curve('P-384', '1.3.132.0.34', 'secp384r1', 48, 384, p384),
  'P-521': curve('P-521', '1.3.132.0.35', 'secp521r1', 66, 521, p521),
};

export function curveOf(name: CurveName): Curve {
  return CURVES[name];
}

export function findCurve(matches: (curve: Curve) => boolean): Curve | undefined {
  return Object.values(CURVES).find(matches);
}

/**
 * Whether (x, y) solves the curve's equation; coordinates outside [0, p) do not count. Infinity has no coordinates.
 */
export function isOnCurve({ p, b }: Curve, x: bigint, y: bigint): boolean {
  if (x < 0n || x >= p || y < 0n || y >= p) return false;
  return (y * y - (x * x * x - 3n * x + b)) % p === 0n;
}

function curve(
  name: CurveName,
  oid: string,
  opensslName: string,
  size: number,
  orderBits: number,
  noble: typeof p256,
): Curve {
  const { p, b, n } = noble.Point.CURVE();
  return { name, oid, opensslName, size, orderBits, p, b, n, noble };
}

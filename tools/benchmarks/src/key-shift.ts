import { p256, p384, p521 } from '@noble/curves/nist.js';
import { verifyDigest } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import type { BenchmarkOptions } from './benchmark.ts';
import { CHANGES, makeCase, type CaseCurve, type Change, type SignatureCase } from './key-shift-cases.ts';
import { table } from './table.ts';
import { compareVerdicts, type Verifier } from './verdicts.ts';

const CURVES = [
  { name: 'P-256', noble: p256 },
  { name: 'P-384', noble: p384 },
  { name: 'P-521', noble: p521 },
] as const;

/**
 * The verdicts of our ECDSA over a digest, which shifts the key and asks OpenSSL, beside those of noble, which computes all by
 * itself; and what a check costs either way. Sound signatures, their other half, and corrupted ones in equal parts.
 *
 * @throws Error when a verdict differs, or a sound signature is refused; the cases are printed before
 */
export async function benchmarkKeyShift({ cases, print }: BenchmarkOptions): Promise<void> {
  const rows: (string | number)[][] = [];
  const wrong: SignatureCase[] = [];
  for (const { name, noble } of CURVES) {
    const curve = { name, order: noble.Point.CURVE().n };
    const byNoble: Verifier = ({ key, digest, signature }) =>
      noble.verify(signature, digest, pointOf(key.spki, noble.Point.CURVE().p), {
        prehash: false,
        lowS: false,
        format: 'der',
      });
    const verdicts = compareVerdicts(casesOf(curve, Math.ceil(cases / CURVES.length)), [
      ({ key, hash, digest, signature }) => verifyDigest(key, hash, digest, signature),
      byNoble,
    ]);
    const { accepted, refused, milliseconds } = verdicts;
    wrong.push(...verdicts.wrong);
    rows.push([
      name,
      String(accepted + refused),
      String(accepted),
      String(refused),
      String(verdicts.wrong.length),
      ...milliseconds,
      milliseconds[1] / milliseconds[0],
    ]);
  }
  print(
    table(
      ['curve', 'cases', 'accepted', 'refused', 'wrong', 'key shift ms', 'noble ms', 'noble / key shift'],
      rows,
    ),
  );
  wrong.slice(0, 10).forEach((each) => print(describe(each)));
  if (wrong.length > 0) throw new Error(`key shift and noble: ${wrong.length} verdicts are wrong`);
}

function* casesOf(curve: CaseCurve, count: number): Generator<SignatureCase> {
  for (let i = 0; i < count; i++) yield makeCase(curve, CHANGES[i % CHANGES.length] as Change);
}

/** The uncompressed point, which an EC key's SubjectPublicKeyInfo ends with: read past our own parser. */
function pointOf(spki: Uint8Array, p: bigint): Uint8Array {
  return spki.subarray(-1 - 2 * Math.ceil(p.toString(2).length / 8));
}

function describe({ change, key, hash, digest, signature }: SignatureCase): string {
  return `${change}: key ${encodeHex(key.spki)} ${hash} ${encodeHex(digest)} signature ${encodeHex(signature)}`;
}

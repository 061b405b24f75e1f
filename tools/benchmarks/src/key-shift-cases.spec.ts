import { p256, p384, p521 } from '@noble/curves/nist.js';
import { describe, expect, it } from '@jest/globals';
import { verifyDigest } from '@sigstead/crypto';
import { CHANGES, makeCase, type CaseCurve } from './key-shift-cases.ts';
import { compareVerdicts, type Verifier } from './verdicts.ts';

const curves: readonly CaseCurve[] = [
  { name: 'P-256', order: p256.Point.CURVE().n },
  { name: 'P-384', order: p384.Point.CURVE().n },
  { name: 'P-521', order: p521.Point.CURVE().n },
];
const keyShift: Verifier = ({ key, hash, digest, signature }) => verifyDigest(key, hash, digest, signature);

describe.each(curves)('cases on $name', (curve) => {
  it.each(CHANGES)('are sound or corrupted as their name says: %s', (change) => {
    const each = makeCase(curve, change);
    expect(keyShift(each)).toBe(change === 'as signed' || change === 'n - s');
  });

  it('are by another key each', () => {
    const keys = [makeCase(curve, 'as signed'), makeCase(curve, 'as signed')].map(({ key }) => key.toPem());
    expect(new Set(keys).size).toBe(2);
  });
});

describe('the comparison of verdicts', () => {
  const curve = curves[0] as CaseCurve;
  const cases = CHANGES.map((change) => makeCase(curve, change));

  it('finds nothing where both are right', () => {
    expect(compareVerdicts(cases, [keyShift, keyShift])).toMatchObject({
      accepted: 2,
      refused: 5,
      wrong: [],
    });
  });

  it('finds every case that the two disagree on, whichever is right', () => {
    const always: Verifier = () => true;
    const changes = (pair: readonly [Verifier, Verifier]) =>
      compareVerdicts(cases, pair).wrong.map(({ change }) => change);
    expect(changes([always, keyShift])).toEqual(['digest', 'r', 's', 'swapped', 'key']);
    expect(changes([keyShift, always])).toEqual(['digest', 'r', 's', 'swapped', 'key']);
  });

  it('finds sound signatures that both refuse', () => {
    const never: Verifier = () => false;
    expect(compareVerdicts(cases, [never, never]).wrong.map(({ change }) => change)).toEqual([
      'as signed',
      'n - s',
    ]);
  });
});

import { performance } from 'node:perf_hooks';
import type { SignatureCase } from './key-shift-cases.ts';

export type Verifier = (signature: SignatureCase) => boolean;

export interface Verdicts {
  readonly accepted: number;
  readonly refused: number;
  /** Cases on which the two differ, or that both refuse although they are sound. */
  readonly wrong: readonly SignatureCase[];
  /** Per check, of the one and of the other. */
  readonly milliseconds: readonly [number, number];
}

/** Asks both about every case, one right after the other, so that both meet the same machine. */
export function compareVerdicts(
  cases: Iterable<SignatureCase>,
  verifiers: readonly [Verifier, Verifier],
): Verdicts {
  const spent: [number, number] = [0, 0];
  const counts = { true: 0, false: 0 };
  const wrong: SignatureCase[] = [];
  for (const each of cases) {
    const beganAt = performance.now();
    const one = verifiers[0](each);
    const betweenAt = performance.now();
    const other = verifiers[1](each);
    spent[0] += betweenAt - beganAt;
    spent[1] += performance.now() - betweenAt;
    counts[`${one}`]++;
    if (one !== other || (!one && isSound(each))) wrong.push(each);
  }
  const total = counts.true + counts.false;
  return {
    accepted: counts.true,
    refused: counts.false,
    wrong,
    milliseconds: [spent[0] / total, spent[1] / total],
  };
}

function isSound({ change }: SignatureCase): boolean {
  return change === 'as signed' || change === 'n - s';
}

import { isDeepStrictEqual } from 'node:util';
import { BundleError, parseBundle, type Bundle } from '@sigstead/bundle';
import type { SignatureVerdict } from '../../verify-signature.ts';

/** A bundle, or another form of a signature, with one thing changed. */
export interface Mutant<T = Bundle> {
  /** Field and kind of change. All mutants of one change must fare alike: what is signed is signed to the last bit. */
  readonly change: string;
  /** Which of them this is. */
  readonly detail: string;
  /** JSON text of a bundle, or what the parser would hand on. */
  make(): T | string;
}

/** What became of the mutants of one bundle, by change. */
export interface MutationReport {
  readonly mutants: number;
  readonly refused: ReadonlySet<string>;
  /** With the first one that was accepted. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Accepted, with another verdict in words or evidence than the original has. */
  readonly tellOtherwise: ReadonlySet<string>;
}

/** Judges every mutant. An error that is neither a BundleError nor a verdict comes through. */
export function judgeMutants<T = Bundle>(
  original: T,
  judge: (whole: T) => SignatureVerdict,
  mutants: Iterable<Mutant<T>>,
): MutationReport {
  const honest = judge(original);
  if (!honest.verified) throw new Error(`the original is refused: ${honest.steps.at(-1)?.reason}`);
  let count = 0;
  const refused = new Set<string>();
  const accepted = new Map<string, string>();
  const tellOtherwise = new Set<string>();
  for (const mutant of mutants) {
    const whole = read(mutant);
    if (whole !== undefined && isDeepStrictEqual(whole, original)) continue;
    count++;
    const verdict = whole && judge(whole);
    if (verdict?.verified !== true) {
      if (verdict !== undefined && verdict.steps.at(-1)?.code === undefined)
        throw new Error('refused without a code');
      refused.add(mutant.change);
      continue;
    }
    if (!accepted.has(mutant.change)) accepted.set(mutant.change, mutant.detail);
    if (!isDeepStrictEqual(verdict.steps.slice(1), honest.steps.slice(1))) tellOtherwise.add(mutant.change);
  }
  return { mutants: count, refused, accepted, tellOtherwise };
}

/** The bundle of a mutant, undefined when it cannot be read. */
function read<T>(mutant: Mutant<T>): T | undefined {
  const made = mutant.make();
  if (typeof made !== 'string') return made;
  try {
    return parseBundle(made) as T;
  } catch (error) {
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

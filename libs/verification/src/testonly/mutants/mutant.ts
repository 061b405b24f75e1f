import { isDeepStrictEqual } from 'node:util';
import { BundleError, parseBundle, type Bundle } from '@sigstead/bundle';
import type { SignatureVerdict } from '../../verify-signature.ts';

/** A bundle with one thing changed. */
export interface Mutant {
  /** Field and kind of change. All mutants of one change must fare alike: what is signed is signed to the last bit. */
  readonly change: string;
  /** Which of them this is. */
  readonly detail: string;
  /** JSON text, or a bundle as the parser would hand it on. */
  make(): Bundle | string;
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

type Judge = (bundle: Bundle) => SignatureVerdict;

/** Judges every mutant. An error that is neither a BundleError nor a verdict comes through. */
export function judgeMutants(original: Bundle, judge: Judge, mutants: Iterable<Mutant>): MutationReport {
  const honest = judge(original);
  if (!honest.verified) throw new Error(`the original is refused: ${honest.steps.at(-1)?.reason}`);
  let count = 0;
  const refused = new Set<string>();
  const accepted = new Map<string, string>();
  const tellOtherwise = new Set<string>();
  for (const mutant of mutants) {
    const bundle = read(mutant);
    if (bundle !== undefined && isDeepStrictEqual(bundle, original)) continue;
    count++;
    const verdict = bundle && judge(bundle);
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
function read(mutant: Mutant): Bundle | undefined {
  const made = mutant.make();
  if (typeof made !== 'string') return made;
  try {
    return parseBundle(made);
  } catch (error) {
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

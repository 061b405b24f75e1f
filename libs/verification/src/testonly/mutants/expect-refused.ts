import { expect } from '@jest/globals';
import { parseBundle, type Bundle } from '@sigstead/bundle';
import type { JsonObject } from '@sigstead/encoding';
import type { SignatureVerdict } from '../../verify-signature.ts';
import { jsonMutants } from './json-mutants.ts';
import type { LayerParts } from './legacy-layers.ts';
import { judgeMutants, type Mutant } from './mutant.ts';
import { unsignedRules, type UnsignedRule } from './unsigned-rules.ts';
import { valueMutants } from './value-mutants.ts';

export interface Sampling {
  /** Of how many bits and characters one is changed. */
  readonly everyBit: number;
  /** Of how many values for one place one is tried. */
  readonly everyValue: number;
}

const EVERY = { everyBit: 1, everyValue: 1 };
/** A few seconds for all forms together; no field and no kind of change is left out. */
export const SAMPLE = { everyBit: 997, everyValue: 7 };

/**
 * Every mutant of the bundle is refused, except for what is on the list of unsigned fields; and what is on the list is accepted, so that
 * nothing stands there that is signed after all.
 *
 * @param donors sound bundles to take parts from
 * @returns number of mutants
 */
export function expectMutantsRefused(
  json: JsonObject,
  judge: (bundle: Bundle) => SignatureVerdict,
  donors: readonly JsonObject[],
  sampling: Sampling = EVERY,
): number {
  const original = parseBundle(JSON.stringify(json));
  const mutants = allMutants(original, json, donors, sampling);
  const report = judgeMutants(original, judge, mutants);
  const changes = (which: (rule: UnsignedRule) => boolean): string[] =>
    unsignedRules.filter(which).flatMap((rule) => rule.changes(original, json));
  const partly = changes((rule) => rule.partly === true);
  if (sampling.everyBit === 1) expect(partly.filter((change) => !report.accepted.has(change))).toEqual([]);
  const accepted = [...report.accepted.keys()];
  expect(sorted(accepted.filter((change) => !partly.includes(change)))).toEqual(
    sorted(changes((rule) => rule.partly !== true)),
  );
  expect(sorted(accepted.filter((change) => report.refused.has(change) && !partly.includes(change)))).toEqual(
    [],
  );
  const tellsOtherwise = changes((rule) => rule.tellsOtherwise === true);
  expect([...report.tellOtherwise].filter((change) => !tellsOtherwise.includes(change))).toEqual([]);
  return report.mutants;
}

/**
 * Every mutant of a `.sig` or `.att` layer is refused. The promise alone can be another signature of the same words, see the rule of
 * bundles.
 *
 * @returns number of mutants
 */
export function expectLayerMutantsRefused(
  parts: LayerParts,
  judge: (parts: LayerParts) => SignatureVerdict,
  { everyBit }: Sampling = EVERY,
): number {
  const report = judgeMutants(parts, judge, valueMutants(parts, everyBit));
  expect([...report.accepted.keys()]).toEqual(['promise: s for n - s']);
  expect(report.refused).not.toContain('promise: s for n - s');
  return report.mutants;
}

/** One after the other: they are too many to be there at once. */
function* allMutants(
  original: Bundle,
  json: JsonObject,
  donors: readonly JsonObject[],
  { everyBit, everyValue }: Sampling,
): Generator<Mutant> {
  yield* valueMutants(original, everyBit);
  yield* jsonMutants(json, donors, everyValue);
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

import type { JsonObject } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore } from './testonly/mini-sigstore.ts';
import { expectMutantsRefused, SAMPLE } from './testonly/mutants/expect-refused.ts';
import { readRealBundle, realBundles } from './testonly/mutants/real-bundles.ts';
import { shapes, Workshop } from './testonly/mutants/shapes.ts';

// A sample; mutants.slow.spec.ts changes every bit.
describe('a bundle with one thing changed is refused, unless nobody signs it', () => {
  let shop: Workshop;
  let bundles: ReadonlyMap<string, JsonObject>;
  beforeAll(async () => {
    shop = new Workshop(await MiniSigstore.create());
    bundles = await shop.makeAll();
  });

  it.each(Object.keys(shapes))('%s', (name) => {
    const json = bundles.get(name) as JsonObject;
    const donors = [...bundles.values()].filter((other) => other !== json);
    expect(expectMutantsRefused(json, shop.judgeOf(json), donors, SAMPLE)).toBeGreaterThan(300);
  });

  const real = realBundles().slice(0, 2);
  (real.length > 0 ? it.each(real) : it.skip.each(['bundles of sigstore-conformance']))('%s', (name) => {
    const { json, judge } = readRealBundle(name);
    expect(expectMutantsRefused(json, judge, [...bundles.values()], SAMPLE)).toBeGreaterThan(300);
  });
});

import type { JsonObject } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore } from './testonly/mini-sigstore.ts';
import { expectMutantsRefused } from './testonly/mutants/expect-refused.ts';
import { readRealBundle, realBundles } from './testonly/mutants/real-bundles.ts';
import { shapes, Workshop } from './testonly/mutants/shapes.ts';

const MINUTES = 60_000;

describe('a bundle with any bit, character or value changed is refused, unless nobody signs it', () => {
  let shop: Workshop;
  let bundles: ReadonlyMap<string, JsonObject>;
  beforeAll(async () => {
    shop = new Workshop(await MiniSigstore.create());
    bundles = await shop.makeAll();
  });

  it.each(Object.keys(shapes))(
    '%s',
    (name) => {
      const json = bundles.get(name) as JsonObject;
      const donors = [...bundles.values()].filter((other) => other !== json);
      expect(expectMutantsRefused(json, shop.judgeOf(json), donors)).toBeGreaterThan(10_000);
    },
    30 * MINUTES,
  );

  const real = realBundles();
  (real.length > 0 ? it.each(real) : it.skip.each(['bundles of sigstore-conformance']))(
    '%s',
    (name) => {
      const { json, judge } = readRealBundle(name);
      expect(expectMutantsRefused(json, judge, [...bundles.values()])).toBeGreaterThan(10_000);
    },
    30 * MINUTES,
  );
});

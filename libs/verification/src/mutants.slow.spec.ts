import type { JsonObject } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore } from './testonly/mini-sigstore.ts';
import { expectLayerMutantsRefused, expectMutantsRefused } from './testonly/mutants/expect-refused.ts';
import { judgeLayer, legacyShapes, type LayerParts } from './testonly/mutants/legacy-layers.ts';
import { readRealBundle, realBundles } from './testonly/mutants/real-bundles.ts';
import { shapes, Workshop } from './testonly/mutants/shapes.ts';
import type { SignatureVerdict } from './verify-signature.ts';

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

  it.each(Object.keys(legacyShapes))(
    '%s',
    async (name) => {
      const parts = await (legacyShapes[name] as (typeof legacyShapes)[string])(shop.sigstore);
      const judge = (mutant: LayerParts): SignatureVerdict => judgeLayer(shop.sigstore, mutant);
      expect(expectLayerMutantsRefused(parts, judge)).toBeGreaterThan(10_000);
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

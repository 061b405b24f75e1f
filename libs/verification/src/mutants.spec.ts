import type { JsonObject } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MiniSigstore } from './testonly/mini-sigstore.ts';
import {
  expectLayerMutantsRefused,
  expectMutantsRefused,
  SAMPLE,
} from './testonly/mutants/expect-refused.ts';
import { judgeLayer, legacyShapes, type LayerParts } from './testonly/mutants/legacy-layers.ts';
import { readRealBundle, realBundles } from './testonly/mutants/real-bundles.ts';
import { shapes, Workshop } from './testonly/mutants/shapes.ts';
import type { SignatureVerdict } from './verify-signature.ts';

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

  it.each(Object.keys(legacyShapes))('%s', async (name) => {
    const parts = await (legacyShapes[name] as (typeof legacyShapes)[string])(shop.sigstore);
    const judge = (mutant: LayerParts): SignatureVerdict => judgeLayer(shop.sigstore, mutant);
    expect(expectLayerMutantsRefused(parts, judge, { ...SAMPLE, everyBit: 97 })).toBeGreaterThan(100);
  });

  const real = realBundles().slice(0, 2);
  (real.length > 0 ? it.each(real) : it.skip.each(['bundles of sigstore-conformance']))('%s', (name) => {
    const { json, judge } = readRealBundle(name);
    expect(expectMutantsRefused(json, judge, [...bundles.values()], SAMPLE)).toBeGreaterThan(300);
  });
});

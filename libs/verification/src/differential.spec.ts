import { createPublicKey } from 'node:crypto';
import { parseBundle, type Bundle } from '@sigstead/bundle';
import { decodeUtf8, type JsonObject } from '@sigstead/encoding';
import { serializeTrustedRoot } from '@sigstead/trust';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { conformanceCases, readConformanceCase, type ConformanceCase } from './testonly/conformance.ts';
import { IDENTITY, ISSUER, MiniSigstore } from './testonly/mini-sigstore.ts';
import { jsonMutants } from './testonly/mutants/json-mutants.ts';
import { shapes, Workshop } from './testonly/mutants/shapes.ts';
import { CONTENT } from './testonly/outcome.ts';

// @sigstore/verify 3.1.1 as a second opinion: whatever is accepted here is accepted there.

/** Forms it does not know. */
const UNKNOWN_THERE = new Set(['0.3, envelope, intoto 0.0.1', '0.3, envelope, Rekor v2, timestamp']);

describe('@sigstore/verify', () => {
  let shop: Workshop;
  let bundles: ReadonlyMap<string, JsonObject>;
  beforeAll(async () => {
    shop = new Workshop(await MiniSigstore.create());
    bundles = await shop.makeAll();
  });
  /** What it says to our own bundles. */
  const acceptsOurs = (json: unknown, policy: ConformanceCase['policy']): boolean =>
    accepts(json, JSON.parse(serializeTrustedRoot(shop.sigstore.trustedRoot)), CONTENT, policy);
  const policyFor = (json: JsonObject): ConformanceCase['policy'] =>
    'publicKey' in (json['verificationMaterial'] as JsonObject)
      ? { key: shop.publicKeyPem }
      : { identity: IDENTITY, issuer: ISSUER };

  it.each(Object.keys(shapes))('takes a sound bundle as we do: %s', (name) => {
    const json = bundles.get(name) as JsonObject;
    expect(shop.judgeOf(json)(parseBundle(JSON.stringify(json))).verified).toBe(true);
    expect(acceptsOurs(json, policyFor(json))).toBe(!UNKNOWN_THERE.has(name));
  });

  it.each(Object.keys(shapes).filter((name) => !UNKNOWN_THERE.has(name)))(
    'takes every changed bundle that we take: %s',
    (name) => {
      const json = bundles.get(name) as JsonObject;
      const judge = shop.judgeOf(json);
      const donors = [...bundles.values()].filter((other) => other !== json);
      const onlyHere: string[] = [];
      for (const { change, detail, make } of jsonMutants(json, donors, 11)) {
        const bundle = tryParse(make());
        if (bundle === undefined || !judge(bundle).verified) continue;
        if (!acceptsOurs(JSON.parse(make() as string), policyFor(json))) onlyHere.push(`${change} ${detail}`);
      }
      expect(onlyHere).toEqual([]);
    },
  );

  const cases = conformanceCases();
  (cases.length > 0 ? it.each(cases) : it.skip.each(['sigstore-conformance']))(
    'agrees with the suite, which we pass: %s',
    (name) => {
      const { bundle, trustedRoot, artifact, policy } = readConformanceCase(name);
      const verdict = accepts(tryJson(bundle), tryJson(trustedRoot), artifact, policy);
      // The one it does not know as yet, and the one it does not mind.
      const isKnown = !['rekor2-dsse-happy-path', 'trust-root-tlog-missing-validity-start_fail'].includes(
        name,
      );
      expect(verdict).toBe(name.endsWith('_fail') !== isKnown);
    },
  );
});

function accepts(
  json: unknown,
  trustedRoot: unknown,
  content: Uint8Array,
  { key: pem, ...signer }: ConformanceCase['policy'],
): boolean {
  try {
    const bundle = bundleFromJSON(json);
    const key = pem === undefined ? undefined : createPublicKey(String(pem));
    const material = toTrustMaterial(
      TrustedRoot.fromJSON(trustedRoot),
      key && (() => ({ publicKey: key, validFor: () => true })),
    );
    const entity = toSignedEntity(
      bundle,
      bundle.content.$case === 'dsseEnvelope' ? undefined : Buffer.from(content),
    );
    const { identity, issuer } = signer as { identity: string; issuer: string };
    const policy = { subjectAlternativeName: identity, extensions: { issuer } };
    // A key has no certificate that ends, so we need no time.
    const verifier = new Verifier(material, { timestampThreshold: key === undefined ? 1 : 0 });
    verifier.verify(entity, key === undefined ? policy : undefined);
    return true;
  } catch {
    return false;
  }
}

function tryParse(made: Bundle | string): Bundle | undefined {
  try {
    return parseBundle(made as string);
  } catch {
    return undefined;
  }
}

function tryJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
}

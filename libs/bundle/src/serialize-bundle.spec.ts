import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Bundle,
  type BundleContent,
  type TransparencyLogEntry,
  type VerificationKey,
} from './bundle.ts';
import { BUNDLE_MEDIA_TYPE } from './media-type.ts';
import { parseBundle } from './parse-bundle.ts';
import { serializeBundle } from './serialize-bundle.ts';
import { certificate, v01, v02, v03 } from './testonly/bundles.ts';
import { refusal } from './testonly/errors.ts';

const some = fc.uint8Array({ minLength: 1, maxLength: 40 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const int64 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

const keys: fc.Arbitrary<VerificationKey> = fc.oneof(
  fc.constant({ kind: 'certificate' as const, certificates: [certificate] }),
  fc.record({ kind: fc.constant('publicKey' as const), hint: fc.string() }),
);
const entries: fc.Arbitrary<TransparencyLogEntry> = fc.record(
  {
    logIndex: int64,
    logId: hash,
    kind: text,
    kindVersion: text,
    integratedTimeSeconds: int64,
    inclusionPromise: some,
    inclusionProof: fc.record({
      logIndex: int64,
      rootHash: hash,
      treeSize: int64,
      hashes: fc.array(hash, { maxLength: 4 }),
      checkpoint: text,
    }),
    canonicalizedBody: some,
  },
  {
    requiredKeys: [
      'logIndex',
      'logId',
      'kind',
      'kindVersion',
      'integratedTimeSeconds',
      'inclusionProof',
      'canonicalizedBody',
    ],
  },
);
const contents: fc.Arbitrary<BundleContent> = fc.oneof(
  fc.record({
    kind: fc.constant('messageSignature' as const),
    digestAlgorithm: fc.constant('sha256' as const),
    digest: hash,
    signature: some,
  }),
  fc.record({
    kind: fc.constant('dsse' as const),
    payloadType: text,
    payload: fc.uint8Array({ maxLength: 40 }),
    signatures: fc.array(fc.record({ signature: some, keyId: fc.string() }), { minLength: 1, maxLength: 1 }),
  }),
);
const bundles: fc.Arbitrary<Bundle> = fc.record({
  mediaType: fc.constant(BUNDLE_MEDIA_TYPE),
  version: fc.constant('0.3' as const),
  verificationMaterial: fc.record({
    key: keys,
    tlogEntries: fc.array(entries, { maxLength: 3 }),
    rfc3161Timestamps: fc.array(some, { maxLength: 3 }),
  }),
  content: contents,
});

describe('serializeBundle', () => {
  it('writes what protobuf JSON would', () => {
    expect(JSON.parse(serializeBundle(parseBundle(JSON.stringify(v03))))).toEqual(v03);
  });

  it('gives back what was written', () => {
    fc.assert(fc.property(bundles, (bundle) => expect(parseBundle(serializeBundle(bundle))).toEqual(bundle)));
  });

  it('writes zeros, which some readers need', () => {
    const { verificationMaterial } = v03;
    const [entry] = verificationMaterial.tlogEntries;
    const zero = { ...verificationMaterial, tlogEntries: [{ ...entry, logIndex: 0, integratedTime: 0 }] };
    const parsed = parseBundle(JSON.stringify({ ...v03, verificationMaterial: zero }));
    expect(serializeBundle(parsed)).toContain('"logIndex":"0"');
    expect(serializeBundle(parsed)).toContain('"integratedTime":"0"');
  });

  it.each([
    ['0.1', v01],
    ['0.2', v02],
  ])('turns version %s with one certificate and a proof into 0.3', (_, bundle) => {
    const upgraded = parseBundle(serializeBundle(parseBundle(JSON.stringify(bundle))));
    expect(upgraded).toMatchObject({ version: '0.3', mediaType: BUNDLE_MEDIA_TYPE });
  });

  it('refuses what version 0.3 cannot hold', () => {
    const bundle = parseBundle(JSON.stringify(v02));
    const { verificationMaterial } = bundle;
    const chain = { kind: 'certificate' as const, certificates: [certificate, certificate] };
    const [entry] = verificationMaterial.tlogEntries;
    const { inclusionProof: _, ...unproven } = entry as TransparencyLogEntry;
    expect(
      refusal(() =>
        serializeBundle({ ...bundle, verificationMaterial: { ...verificationMaterial, key: chain } }),
      ),
    ).toBe('VERSION verificationMaterial.certificate');
    expect(
      refusal(() =>
        serializeBundle({
          ...bundle,
          verificationMaterial: { ...verificationMaterial, tlogEntries: [unproven] },
        }),
      ),
    ).toBe('VERSION verificationMaterial.tlogEntries[0].inclusionProof');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { encodeHex, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { evidenceFromBundle, type SignatureEvidence } from '@sigstead/verification';
import { CONFORMANCE, CONFORMANCE_IDENTITY, CONFORMANCE_ISSUER, hasVectors } from '../../testonly/vectors.ts';
import { cosignResult, envelopeText, olderFormFirst } from './cosign-result.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const IMAGE = { name: 'registry.example/app:v1', digest: DIGEST };
const PAYLOAD = {
  critical: {
    identity: { 'docker-reference': 'registry.example/app' },
    image: { 'docker-manifest-digest': DIGEST },
    type: 'cosign container image signature',
  },
  optional: { stage: 'production', Subject: 'of the signer' },
};

function simpleSigning(payload: object, evidence: Partial<SignatureEvidence> = {}): SignatureEvidence {
  return {
    content: { kind: 'simple-signing', payload: encodeUtf8(JSON.stringify(payload)) },
    signature: new Uint8Array(64),
    key: { kind: 'public-key', hint: '' },
    logEntries: [],
    timestamps: [],
    ...evidence,
  };
}

describe('a result as cosign prints it', () => {
  it('has what was signed, and nothing else of a signature by a bare key', () => {
    expect(JSON.stringify(cosignResult(simpleSigning({ ...PAYLOAD, optional: null }), IMAGE))).toBe(
      JSON.stringify({ ...PAYLOAD, optional: null }),
    );
  });

  it('has a timestamp of the older form', () => {
    const { optional } = cosignResult(
      simpleSigning(PAYLOAD, { timestamps: [new Uint8Array([1, 2])] }),
      IMAGE,
    ) as { optional: JsonObject };
    expect(Object.keys(optional)).toEqual(['RFC3161Timestamp', 'Subject', 'stage']);
    expect(optional['RFC3161Timestamp']).toEqual({ SignedRFC3161Timestamp: 'AQI=' });
  });

  it('has the annotations of the image among the subjects of a bundle', () => {
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { digest: { sha256: '00' }, annotations: { stage: 'test' } },
        { digest: { sha256: 'AB'.repeat(32) }, annotations: { stage: 'production' } },
      ],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
    };
    const content = {
      kind: 'dsse',
      payloadType: 'application/vnd.in-toto+json',
      payload: encodeUtf8(JSON.stringify(statement)),
      keyId: '',
    } as const;
    const evidence = { ...simpleSigning(PAYLOAD), content };
    expect(cosignResult(evidence, IMAGE)).toEqual({
      critical: {
        identity: { 'docker-reference': IMAGE.name },
        image: { 'docker-manifest-digest': DIGEST },
        type: 'https://sigstore.dev/cosign/sign/v1',
      },
      optional: { stage: 'production' },
    });
    expect(JSON.parse(envelopeText(evidence))).toEqual({
      payload: Buffer.from(content.payload).toString('base64'),
      payloadType: content.payloadType,
      signatures: [{ sig: Buffer.alloc(64).toString('base64') }],
    });
    const found = { ...evidence, content: { ...content, envelope: encodeUtf8('{"as":"found"}') } };
    expect(envelopeText(found)).toBe('{"as":"found"}');
  });

  it('stands before those of bundles when it tells who signed', () => {
    const ofType = (type: string): JsonObject => ({ critical: { type } });
    const older = ofType('cosign container image signature');
    const newer = ofType('https://sigstore.dev/cosign/sign/v1');
    expect(olderFormFirst([newer, older, newer])).toEqual([older, newer, newer]);
  });
});

(hasVectors ? describe : describe.skip)('a result of a certificate and a log', () => {
  const bundle = () =>
    parseBundle(readFileSync(join(CONFORMANCE, 'happy-path-v0.3', 'bundle.sigstore.json')));

  it('says who signed, by names and numbers of extensions, and what the log promised', () => {
    const { key, logEntries } = evidenceFromBundle(bundle());
    const [entry] = logEntries;
    const { optional } = cosignResult(simpleSigning(PAYLOAD, { key, logEntries }), IMAGE) as {
      optional: JsonObject;
    };
    expect(optional).toMatchObject({
      Subject: CONFORMANCE_IDENTITY,
      Issuer: CONFORMANCE_ISSUER,
      '1.3.6.1.4.1.57264.1.1': CONFORMANCE_ISSUER,
      '1.3.6.1.4.1.57264.1.2': 'workflow_dispatch',
      githubWorkflowTrigger: 'workflow_dispatch',
      githubWorkflowRepository: 'sigstore-conformance/extremely-dangerous-public-oidc-beacon',
      stage: 'production',
      Bundle: {
        Payload: { integratedTime: 1_710_869_186, logID: encodeHex(entry?.logId ?? new Uint8Array()) },
      },
    });
    expect(Object.keys(optional)).toEqual(Object.keys(optional).sort());
  });
});

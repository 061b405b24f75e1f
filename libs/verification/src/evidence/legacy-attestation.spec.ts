import type { LegacyAttestation } from '@sigstead/oci';
import { encodeBase64, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { claimedKind, legacyAttestationCandidate } from '../candidate.ts';
import { compilePolicy } from '../policy.ts';
import { signStatement, statementAbout, type BundleOptions } from '../testonly/bundles.ts';
import {
  annotationsOf,
  IDENTITY,
  IMAGE_DIGEST,
  ISSUER,
  MiniSigstore,
  NOW,
  SIGNED,
} from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifySignature } from '../verify-signature.ts';
import { evidenceFromBundle } from './bundle.ts';
import { evidenceFromLegacyAttestation } from './legacy-attestation.ts';
import { legacyAnnotations } from './legacy-annotations.ts';
import { parseArtifactDigest } from './signature-evidence.ts';

const artifact = parseArtifactDigest(IMAGE_DIGEST);
const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

describe('an attestation in a layer', () => {
  let sigstore: MiniSigstore;
  let layer: LegacyAttestation;
  let envelope: Record<string, JsonValue>;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    layer = await attest({ kind: 'intoto 0.0.1' });
    envelope = JSON.parse(new TextDecoder().decode(layer.payload)) as Record<string, JsonValue>;
  });

  /** As cosign stores it: the envelope that was logged, and the entry without its proof. */
  async function attest(options: BundleOptions): Promise<LegacyAttestation> {
    const evidence = evidenceFromBundle(
      await signStatement(sigstore, statementAbout(artifact.digest), options),
    );
    if (evidence.content.kind !== 'dsse') throw new Error('no envelope');
    const { payload, payloadType } = evidence.content;
    const signatures = [{ sig: encodeBase64(evidence.signature) }];
    return {
      payload: encodeUtf8(JSON.stringify({ payloadType, payload: encodeBase64(payload), signatures })),
      annotations: annotationsOf(evidence),
    };
  }
  const judge = (changed: Partial<LegacyAttestation>): string => {
    const candidate = legacyAttestationCandidate({ ...layer, ...changed }, 'layer');
    const options = { now: NOW, requireInclusionProof: false };
    const { verified, steps } = verifySignature(candidate, artifact, sigstore.trustedRoot, policy, options);
    return verified ? 'verified' : (steps.at(-1)?.code ?? 'no code');
  };
  const judgeEnvelope = (changed: JsonValue): string =>
    judge({ payload: encodeUtf8(JSON.stringify(changed)) });
  const read = (changed: Partial<LegacyAttestation>): string =>
    refusal(() => evidenceFromLegacyAttestation({ ...layer, ...changed }));
  const readEnvelope = (changed: JsonValue): string => read({ payload: encodeUtf8(JSON.stringify(changed)) });

  it('is verified with each kind of entry, by the promise', async () => {
    expect(judge({})).toBe('verified');
    expect(claimedKind(legacyAttestationCandidate(layer, 'layer'))).toBe('attestation');
    for (const kind of ['dsse 0.0.1', 'intoto 0.0.2'] as const) {
      expect(judge(await attest({ kind }))).toBe('verified');
    }
  });

  it('is the text that was logged, to the letter, where the entry has that text', () => {
    expect(judgeEnvelope({ ...envelope, more: 1 })).toBe('BODY_SIGNATURE');
    const [signature] = envelope['signatures'] as [Record<string, JsonValue>];
    expect(judgeEnvelope({ ...envelope, signatures: [{ ...signature, keyid: 'k' }] })).toBe('BODY_SIGNATURE');
    const spaced = JSON.stringify(envelope, undefined, 1);
    expect(judge({ payload: encodeUtf8(spaced) })).toBe('BODY_SIGNATURE');
  });

  it('may have a timestamp, over the envelope', async () => {
    const stamped = async (message: Uint8Array): Promise<Partial<LegacyAttestation>> => {
      const SignedRFC3161Timestamp = encodeBase64(
        await sigstore.timestampAuthority.timestamp(message, SIGNED),
      );
      const timestamp = JSON.stringify({ SignedRFC3161Timestamp });
      return { annotations: { ...layer.annotations, [legacyAnnotations.timestamp]: timestamp } };
    };
    expect(judge(await stamped(layer.payload))).toBe('verified');
    expect(judge(await stamped(encodeUtf8('something else')))).toBe('TIMESTAMP_INVALID');
  });

  it.each<[string, JsonValue]>([
    ['no object', []],
    ['null', null],
    ['no signature', { signatures: [] }],
    ['signatures that are no list', { signatures: {} }],
    ['two signatures', { signatures: [{ sig: 'AA==' }, { sig: 'AA==' }] }],
    ['a signature that is no object', { signatures: ['AA=='] }],
    ['a signature without text', { signatures: [{}] }],
    ['a signature of another type', { signatures: [{ sig: 1 }] }],
    ['a signature that is no base64', { signatures: [{ sig: '%' }] }],
    ['no payload', { payload: '' }],
    ['a payload that is no base64', { payload: 'AAA=A' }],
    ['no type', { payloadType: null }],
  ])('is refused with %s', (_, changed) => {
    const isWhole = Array.isArray(changed) || changed === null;
    expect(readEnvelope(isWhole ? changed : { ...envelope, ...(changed as object) })).toBe(
      'EVIDENCE_MALFORMED',
    );
  });

  it('is refused when a member stands twice: readers would take the one or the other', () => {
    const text = new TextDecoder().decode(layer.payload);
    const twice = text.replace('{"payloadType"', '{"payloadType":"text/plain","payloadType"');
    expect(read({ payload: encodeUtf8(twice) })).toBe('EVIDENCE_MALFORMED');
  });

  it('is bounded before it is read', () => {
    expect(read({ payload: new Uint8Array(16 * 1024 * 1024 + 1) })).toBe('EVIDENCE_MALFORMED');
    expect(readEnvelope({ ...envelope, more: [[[[[[[[[]]]]]]]]] })).toBe('EVIDENCE_MALFORMED');
    expect(readEnvelope({ ...envelope, more: Array<number>(1000).fill(0) })).toBe('EVIDENCE_MALFORMED');
  });
});

import type { Bundle, TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compilePolicy } from './policy.ts';
import { certificateOf, entryOf, IDENTITY, ISSUER, MiniSigstore, NOW } from './testonly/mini-sigstore.ts';
import { verifyBundle } from './verify-bundle.ts';

const artifact = encodeUtf8('a release archive');
const digest = { algorithm: 'sha256', digest: sha256(artifact) } as const;
const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

describe('verifyBundle', () => {
  let sigstore: MiniSigstore;
  let bundle: Bundle;
  let entry: TransparencyLogEntry;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    const signer = PrivateKeySigner.generate('P-256');
    const evidence = await sigstore.signImage({ signer, payload: artifact });
    const { signature } = evidence;
    entry = entryOf(evidence);
    bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      version: '0.3',
      verificationMaterial: {
        key: { kind: 'certificate', certificates: [certificateOf(evidence)] },
        tlogEntries: [entry],
        rfc3161Timestamps: [],
      },
      content: { kind: 'messageSignature', digestAlgorithm: 'sha256', digest: digest.digest, signature },
    };
  });

  const judge = (
    changed: Partial<Bundle>,
    material: Partial<Bundle['verificationMaterial']> = {},
  ): string => {
    const verificationMaterial = { ...bundle.verificationMaterial, ...material };
    const given = { ...bundle, ...changed, verificationMaterial };
    const { verified, steps } = verifyBundle(given, digest, sigstore.trustedRoot, policy, NOW);
    return verified ? 'verified' : (steps.at(-1)?.code ?? 'no code');
  };

  it('accepts a sound bundle', () => {
    expect(judge({})).toBe('verified');
  });

  it('refuses it for another artifact', () => {
    const other = { algorithm: 'sha256', digest: sha256(encodeUtf8('another')) } as const;
    const { steps } = verifyBundle(bundle, other, sigstore.trustedRoot, policy, NOW);
    expect(steps[3]).toMatchObject({ outcome: 'failed', code: 'ARTIFACT_DIGEST' });
  });

  it('requires an inclusion proof, except in version 0.1', () => {
    const { inclusionProof: _, ...promiseOnly } = entry;
    expect(judge({}, { tlogEntries: [promiseOnly] })).toBe('INCLUSION_PROOF_MISSING');
    expect(judge({ version: '0.2' }, { tlogEntries: [promiseOnly] })).toBe('INCLUSION_PROOF_MISSING');
    expect(judge({ version: '0.1' }, { tlogEntries: [promiseOnly] })).toBe('verified');
  });

  it('takes no time without the promise', () => {
    const { inclusionPromise: _, ...proofOnly } = entry;
    expect(judge({}, { tlogEntries: [proofOnly] })).toBe('TIME_MISSING');
  });

  it('refuses a bundle without log entry', () => {
    expect(judge({}, { tlogEntries: [] })).toBe('LOG_ENTRY_MISSING');
  });

  it('refuses what it does not judge, even beside evidence that would do', () => {
    const { signature } = bundle.content as Extract<Bundle['content'], { kind: 'messageSignature' }>;
    const signatures = [{ signature, keyId: '' }];
    expect(
      judge({ content: { kind: 'dsse', payloadType: 'text/plain', payload: artifact, signatures } }),
    ).toBe('SIGNATURE_INVALID');
    expect(judge({}, { key: { kind: 'publicKey', hint: 'k' } })).toBe('KEY_MISSING');
    expect(judge({}, { tlogEntries: [entry, entry] })).toBe('LOG_ENTRY_REPEATED');
    expect(judge({}, { tlogEntries: [{ ...entry, kindVersion: '0.0.9' }] })).toBe('UNSUPPORTED');
    expect(judge({}, { key: { kind: 'certificate', certificates: [] } })).toBe('EVIDENCE_MALFORMED');
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TrustedRoot } from '@sigstead/trust';
import type { SignatureEvidence } from './evidence/signature-evidence.ts';
import { parseArtifactDigest } from './evidence/signature-evidence.ts';
import { VerificationError } from './errors.ts';
import { compilePolicy } from './policy.ts';
import { stepNames, stepOf } from './steps/step.ts';
import type { VerificationOptions } from './steps/context.ts';
import {
  certificateOf,
  entryOf,
  IDENTITY,
  IMAGE_DIGEST,
  ISSUED,
  ISSUER,
  MiniSigstore,
  NOW,
  SIGNED,
} from './testonly/mini-sigstore.ts';
import { verifySignature, type SignatureVerdict } from './verify-signature.ts';

const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

describe('verifySignature', () => {
  let sigstore: MiniSigstore;
  let evidence: SignatureEvidence;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    evidence = await sigstore.signImage();
  });

  const verify = (
    given: SignatureEvidence | VerificationError,
    options: Partial<VerificationOptions> = {},
    trustedRoot: TrustedRoot = sigstore.trustedRoot,
  ): SignatureVerdict =>
    verifySignature(
      { source: 'layer 0', evidence: given },
      parseArtifactDigest(IMAGE_DIGEST),
      trustedRoot,
      policy,
      {
        now: NOW,
        ...options,
      },
    );

  it('passes seven steps and says what it found', () => {
    const { verified, steps } = verify(evidence);
    expect(verified).toBe(true);
    expect(steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(
      stepNames.map((name) => `${name} passed`),
    );
    expect(stepOf(steps, 'certificate-chain')?.evidence).toMatchObject({
      at: SIGNED.toISOString(),
      timeSource: 'signed-entry-timestamp',
      certificateAuthority: 'https://ca.sigstead.test',
      chain: [{ subject: '' }, { subject: /intermediate/ }, { subject: /root/ }].map(({ subject }) => ({
        subject: subject === '' ? '' : expect.stringMatching(subject),
      })),
      signedCertificateTimestamps: [
        { log: 'https://ct.sigstead.test/2026', timestamp: ISSUED.toISOString() },
      ],
    });
    expect(stepOf(steps, 'identity-extraction')?.evidence).toMatchObject({
      identity: IDENTITY,
      issuer: ISSUER,
    });
    expect(stepOf(steps, 'signature')?.evidence).toMatchObject({
      artifactDigest: IMAGE_DIGEST,
      dockerReference: 'registry.sigstead.test/acme/app',
    });
    expect(stepOf(steps, 'log-entry')?.evidence).toMatchObject({
      logIndex: '1005',
      integratedTime: SIGNED.toISOString(),
      inclusionProof: { leafIndex: '5', treeSize: '6' },
    });
  });

  it('skips what depends on a failed step, and fails the result with the reason', () => {
    const { verified, steps } = verify({ ...evidence, signature: flipped(evidence.signature) });
    expect(verified).toBe(false);
    expect(steps.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
      'passed',
      'failed',
      'skipped',
      'skipped',
      'failed',
    ]);
    expect(steps[4]?.reason).toBe('not checked, because "Cryptographic signature verification" failed');
    expect(steps[6]).toMatchObject({
      code: 'SIGNATURE_INVALID',
      reason: expect.stringMatching(/^Cryptographic signature verification failed: /),
    });
  });

  it('fails retrieval for evidence that could not be read', () => {
    const { steps } = verify(new VerificationError('EVIDENCE_MALFORMED', 'garbage'));
    expect(steps[0]).toMatchObject({ outcome: 'failed', code: 'EVIDENCE_MALFORMED', reason: 'garbage' });
    expect(steps.slice(1, 6).every(({ outcome }) => outcome === 'skipped')).toBe(true);
  });

  it('judges the chain at its start, and fails the log entry, when nothing vouches for the time', () => {
    const { steps } = verify({ ...evidence, logEntries: [] });
    expect(stepOf(steps, 'certificate-chain')).toMatchObject({
      outcome: 'passed',
      evidence: { timeSource: 'certificate-start', at: ISSUED.toISOString() },
    });
    expect(stepOf(steps, 'log-entry')).toMatchObject({ outcome: 'failed', code: 'LOG_ENTRY_MISSING' });
  });

  it('refuses a signature made after the certificate ended, by the time of the log', async () => {
    const late = await sigstore.signImage({ integratedAt: new Date(ISSUED.getTime() + 601_000) });
    expect(verify(late).steps[1]).toMatchObject({ outcome: 'failed', code: 'CERTIFICATE_NOT_VALID' });
    const lastMoment = await sigstore.signImage({ integratedAt: new Date(ISSUED.getTime() + 600_000) });
    expect(verify(lastMoment).verified).toBe(true);
  });

  it('refuses a signature made before the certificate began', async () => {
    const early = await sigstore.signImage({ integratedAt: new Date(ISSUED.getTime() - 1000) });
    expect(verify(early).steps[1]).toMatchObject({ code: 'CERTIFICATE_NOT_VALID' });
  });

  it('refuses a log entry of the future, but allows for a little skew', () => {
    const code = (now: Date): unknown => stepOf(verify(evidence, { now }).steps, 'log-entry')?.code;
    expect(code(new Date(SIGNED.getTime() - 61_000))).toBe('INTEGRATED_TIME');
    expect(code(new Date(SIGNED.getTime() - 59_000))).toBeUndefined();
  });

  describe('without an inclusion proof', () => {
    const unproved = (proofMissing?: string): SignatureEvidence => {
      const { inclusionProof: _, ...logEntry } = entryOf(evidence);
      return { ...evidence, logEntries: [logEntry], ...(proofMissing === undefined ? {} : { proofMissing }) };
    };

    it('fails by default and says why there is none', () => {
      expect(stepOf(verify(unproved('the log could not be reached')).steps, 'log-entry')).toMatchObject({
        outcome: 'failed',
        code: 'INCLUSION_PROOF_MISSING',
        reason: expect.stringContaining('the log could not be reached'),
      });
    });

    it('passes when none is required, and says that only the promise was verified', () => {
      const { verified, steps } = verify(unproved(), { requireInclusionProof: false });
      expect(verified).toBe(true);
      const step = stepOf(steps, 'log-entry');
      expect(step?.reason).toContain(
        'inclusion promise (signed entry timestamp) verified, inclusion proof skipped',
      );
      expect(step?.evidence).not.toHaveProperty('inclusionProof');
    });

    it('still refuses a proof that is there and wrong when none is required', () => {
      const entry = entryOf(evidence);
      const proof = entry.inclusionProof as NonNullable<typeof entry.inclusionProof>;
      const wrong = { ...proof, hashes: proof.hashes.map((hash) => flipped(hash)) };
      const { steps } = verify(
        { ...evidence, logEntries: [{ ...entry, inclusionProof: wrong }] },
        { requireInclusionProof: false },
      );
      expect(stepOf(steps, 'log-entry')?.code).toBe('INCLUSION_PROOF_INVALID');
    });
  });

  it('tells a sound signature by somebody else from bad evidence', () => {
    const other = compilePolicy({ identity: `${IDENTITY}x`, issuer: ISSUER });
    const digest = parseArtifactDigest(IMAGE_DIGEST);
    const { steps } = verifySignature({ source: 's', evidence }, digest, sigstore.trustedRoot, other, {
      now: NOW,
    });
    expect(steps.map(({ outcome }) => outcome).slice(4)).toEqual(['passed', 'failed', 'failed']);
    expect(stepOf(steps, 'policy')?.code).toBe('IDENTITY_MISMATCH');
  });

  it('lets no flipped byte of any part pass', () => {
    const entry = entryOf(evidence);
    const proof = entry.inclusionProof as NonNullable<typeof entry.inclusionProof>;
    const payload = (evidence.content as { payload: Uint8Array }).payload;
    const parts: Record<string, readonly [Uint8Array, (bytes: Uint8Array) => SignatureEvidence]> = {
      payload: [payload, (bytes) => ({ ...evidence, content: { kind: 'simple-signing', payload: bytes } })],
      signature: [evidence.signature, (signature) => ({ ...evidence, signature })],
      certificate: [
        certificateOf(evidence),
        (certificate) => ({ ...evidence, key: { kind: 'certificate', certificate } }),
      ],
      body: [
        entry.canonicalizedBody,
        (canonicalizedBody) => ({ ...evidence, logEntries: [{ ...entry, canonicalizedBody }] }),
      ],
      promise: [
        entry.inclusionPromise as Uint8Array,
        (inclusionPromise) => ({ ...evidence, logEntries: [{ ...entry, inclusionPromise }] }),
      ],
      logId: [entry.logId, (logId) => ({ ...evidence, logEntries: [{ ...entry, logId }] })],
      rootHash: [
        proof.rootHash,
        (rootHash) => ({ ...evidence, logEntries: [{ ...entry, inclusionProof: { ...proof, rootHash } }] }),
      ],
      hash: [
        proof.hashes[0] as Uint8Array,
        (hash) => ({
          ...evidence,
          logEntries: [{ ...entry, inclusionProof: { ...proof, hashes: [hash, ...proof.hashes.slice(1)] } }],
        }),
      ],
    };
    for (const [name, [bytes, rebuild]] of Object.entries(parts)) {
      for (let at = 0; at < bytes.length; at += bytes.length > 200 ? 3 : 1) {
        if (verify(rebuild(flipped(bytes, at))).verified)
          throw new Error(`${name} with byte ${at} flipped was accepted`);
      }
    }
  });

  it('lets no changed number or checkpoint text pass', () => {
    const entry = entryOf(evidence);
    const proof = entry.inclusionProof as NonNullable<typeof entry.inclusionProof>;
    const mutants = [
      { ...entry, logIndex: entry.logIndex + 1n },
      { ...entry, integratedTimeSeconds: entry.integratedTimeSeconds + 1n },
      { ...entry, integratedTimeSeconds: 1n << 62n },
      { ...entry, logIndex: 1n << 62n },
      { ...entry, kind: 'dsse' },
      { ...entry, kindVersion: '0.0.2' },
      { ...entry, inclusionProof: { ...proof, logIndex: proof.logIndex - 1n } },
      { ...entry, inclusionProof: { ...proof, logIndex: proof.treeSize } },
      { ...entry, inclusionProof: { ...proof, treeSize: proof.treeSize + 1n } },
      { ...entry, inclusionProof: { ...proof, hashes: proof.hashes.slice(1) } },
      { ...entry, inclusionProof: { ...proof, hashes: [...proof.hashes, proof.rootHash] } },
      ...Array.from({ length: proof.checkpoint.length }, (_, at) => ({
        ...entry,
        inclusionProof: {
          ...proof,
          checkpoint: proof.checkpoint.slice(0, at) + '~' + proof.checkpoint.slice(at + 1),
        },
      })),
    ];
    for (const logEntry of mutants)
      expect(verify({ ...evidence, logEntries: [logEntry] }).verified).toBe(false);
  });
});

function flipped(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 0x01;
  return copy;
}

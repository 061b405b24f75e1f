import { encodeUtf8 } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { assertVerified } from './assert-verified.ts';
import { legacyCandidate, type SignatureCandidate } from './candidate.ts';
import { PolicyError, VerificationError } from './errors.ts';
import type { SignatureEvidence } from './evidence/signature-evidence.ts';
import { withInclusionProof } from './evidence/inclusion-proof.ts';
import { compilePolicy } from './policy.ts';
import { renderVerdict } from './render/render-verdict.ts';
import {
  annotationsOf,
  entryOf,
  IDENTITY,
  IMAGE_DIGEST,
  ISSUER,
  MiniSigstore,
  NOW,
  simpleSigning,
} from './testonly/mini-sigstore.ts';
import { refusal } from './testonly/refusal.ts';
import { verifyImageSignature, type ImageVerdict } from './verify-image.ts';

const IMAGE = 'registry.sigstead.test/acme/app:1.0';
const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

describe('verifyImageSignature', () => {
  let sigstore: MiniSigstore;
  let good: SignatureEvidence;
  let mallory: SignatureEvidence;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    good = await sigstore.signImage();
    mallory = await sigstore.signImage({ identity: { type: 'email', value: 'mallory@evil.test' } });
  });

  const verify = (...all: (SignatureEvidence | VerificationError)[]): ImageVerdict => {
    const signatures: SignatureCandidate[] = all.map((evidence, at) => ({ source: `layer ${at}`, evidence }));
    return verifyImageSignature(
      { image: IMAGE, digest: IMAGE_DIGEST, signatures },
      sigstore.trustedRoot,
      policy,
      { now: NOW },
    );
  };
  const garbage = new VerificationError('EVIDENCE_MALFORMED', 'garbage');

  it('accepts an image with one good signature', () => {
    const verdict = verify(good);
    expect(verdict).toMatchObject({ verified: true, image: IMAGE, digest: IMAGE_DIGEST });
    expect(verdict.steps[0]?.reason).toBe(`image ${IMAGE_DIGEST} has 1 signature`);
    expect(() => assertVerified(verdict)).not.toThrow();
  });

  it('can be written as JSON', () => {
    const verdict = verify(good);
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  it('refuses an image without signatures', () => {
    const { verified, steps, signatures } = verify();
    expect(verified).toBe(false);
    expect(steps.map(({ outcome }) => outcome)).toEqual(['failed', ...Array(5).fill('skipped'), 'failed']);
    expect(steps[0]?.code).toBe('NO_SIGNATURES');
    expect(signatures).toEqual([]);
  });

  it('accepts one good signature among bad ones, wherever it stands, and reports all', () => {
    for (const order of [
      [garbage, mallory, good],
      [good, mallory, garbage],
    ]) {
      const { verified, steps, signatures } = verify(...order);
      expect(verified).toBe(true);
      expect(steps.every(({ outcome }) => outcome === 'passed')).toBe(true);
      expect(steps[6]?.reason).toContain('1 of 3 signatures satisfied everything');
      expect(signatures.map((signature) => signature.verified).filter(Boolean)).toHaveLength(1);
    }
  });

  it('tells the story of the signature that came closest when none is good', () => {
    const { verified, steps } = verify(garbage, mallory, { ...good, logEntries: [] });
    expect(verified).toBe(false);
    expect(steps.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      name: 'policy',
      code: 'IDENTITY_MISMATCH',
    });
    expect(steps[6]?.reason).toMatch(/^none of 3 signatures; closest: /);
  });

  it('does not put two half-good signatures together', () => {
    const spliced: SignatureEvidence = { ...mallory, key: good.key };
    const swapped: SignatureEvidence = { ...good, logEntries: mallory.logEntries };
    expect(verify(spliced, swapped, mallory).verified).toBe(false);
  });

  it('refuses the signature of another image', async () => {
    const payload = simpleSigning(`sha256:${'1'.repeat(64)}`);
    const { steps } = verify(await sigstore.signImage({ payload }));
    expect(steps[3]).toMatchObject({ outcome: 'failed', code: 'PAYLOAD_DIGEST' });
  });

  it('keeps a layer that cannot be read in the list', () => {
    const broken = legacyCandidate({ payload: encodeUtf8('{}'), annotations: {} }, 'layer 0');
    expect(broken.evidence).toBeInstanceOf(VerificationError);
    const layer = legacyCandidate(
      { payload: simpleSigning(IMAGE_DIGEST), annotations: annotationsOf(good) },
      'layer 1',
    );
    const proof = entryOf(good).inclusionProof;
    if (layer.evidence instanceof VerificationError || proof === undefined) throw new Error('unreadable');
    expect(verify(withInclusionProof(layer.evidence, entryOf(layer.evidence), proof)).verified).toBe(true);
  });

  it('refuses a digest that is none', () => {
    const image = { image: IMAGE, digest: 'latest', signatures: [] };
    expect(refusal(() => verifyImageSignature(image, sigstore.trustedRoot, policy, { now: NOW }))).toBe(
      'EVIDENCE_MALFORMED',
    );
  });

  it('can throw: policy and evidence are told apart', () => {
    expect(() => assertVerified(verify(mallory))).toThrow(PolicyError);
    expect(() => assertVerified(verify(garbage))).toThrow(VerificationError);
    expect(() => assertVerified(verify())).toThrow(/no signatures found/);
  });

  describe('as text', () => {
    it('tells the whole chain of trust', () => {
      const text = renderVerdict(verify(good));
      for (const part of [
        IMAGE,
        IMAGE_DIGEST,
        '✔ 5 Transparency log verification',
        `made by ${IDENTITY}`,
        ISSUER,
        'https://github.com/acme/app',
        '7d2f6a0c0f0e4c1a9a2b3c4d5e6f708192a3b4c5',
        'CN=intermediate',
        'CN=root',
        'https://ct.sigstead.test/2026',
        'entry 1005 of https://log.sigstead.test:3000',
        '2026-03-01T12:00:05.000Z, signed by the log',
        'VERIFIED  signed by',
      ]) {
        expect(text).toContain(part);
      }
      expect(text).not.toContain('\u001b');
      expect(text.endsWith('\n')).toBe(true);
    });

    it('uses colours only when asked', () => {
      expect(renderVerdict(verify(good), { colors: true })).toContain('\u001b[32m');
    });

    it('says what failed, what was not checked, and what still holds', () => {
      const text = renderVerdict(verify(mallory, garbage));
      expect(text).toContain('✘ 6 Policy enforcement');
      expect(text).toContain('What holds, though it is not enough');
      expect(text).toContain('REFUSED');
      expect(text).toContain('layer 1');
    });

    it('lets no control character of the signer reach the terminal', async () => {
      const sly = await sigstore.signImage({
        claims: { sourceRepositoryUri: 'https://github.com/acme/app\u001b[2K\u202e\nVERIFIED' },
      });
      const text = renderVerdict(verify(sly));
      expect(text).not.toMatch(/[\u001b\u202e]/);
      expect(
        text.split('\n').some((line) => line.startsWith('VERIFIED') && !line.startsWith('VERIFIED  ')),
      ).toBe(false);
    });
  });
});

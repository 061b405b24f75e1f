import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { VerificationError } from './errors.ts';
import { evidenceFromBundle } from './evidence/bundle.ts';
import { parseArtifactDigest, type SignatureEvidence } from './evidence/signature-evidence.ts';
import { describeDecision } from './policy/image/describe-decision.ts';
import { readImagePolicyDocument } from './policy/image/image-policy-document.ts';
import { compileImagePolicy, type ImagePolicy } from './policy/image/image-policy.ts';
import { signArtifact, signStatement, statementAbout } from './testonly/bundles.ts';
import { IMAGE_DIGEST, ISSUER, MiniSigstore, NOW } from './testonly/mini-sigstore.ts';
import type { VerificationOptions } from './steps/context.ts';
import type { NamedTrustedRoot } from './trust-roots.ts';
import { verifyImagePolicy, type PolicyVerdict } from './verify-image-policy.ts';

const IMAGE = 'registry.sigstead.test/acme/app:1.0';
const MANIFEST = encodeUtf8('the image manifest');
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';

const signer = (identity: string): Record<string, JsonValue> => ({
  name: identity.split('@', 1)[0] as string,
  identity,
  issuer: ISSUER,
});

function policyOf(spec: Record<string, JsonValue>): ImagePolicy {
  return compileImagePolicy(
    readImagePolicyDocument({
      apiVersion: 'sigstead.dev/v1',
      kind: 'ImagePolicy',
      metadata: { name: 'release' },
      spec: { images: ['**'], ...spec },
    }),
  );
}

describe('verifyImagePolicy', () => {
  const managed = PrivateKeySigner.generate('P-256');
  let sigstore: MiniSigstore;
  let roots: readonly NamedTrustedRoot[];
  let byAda: SignatureEvidence;
  let byBob: SignatureEvidence;
  let byKey: SignatureEvidence;
  let scanned: SignatureEvidence;
  const email = (value: string): { identity: { type: 'email'; value: string } } => ({
    identity: { type: 'email', value },
  });
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    roots = [{ name: 'private', trustedRoot: sigstore.trustedRoot }];
    const digest = parseArtifactDigest(IMAGE_DIGEST).digest;
    byAda = await sigstore.signImage(email('ada@acme.test'));
    byBob = await sigstore.signImage(email('bob@acme.test'));
    byKey = evidenceFromBundle(await signArtifact(sigstore, MANIFEST, { signer: managed, managedKey: true }));
    scanned = evidenceFromBundle(
      await signStatement(sigstore, statementAbout(digest, VULN), email('scanner@acme.test')),
    );
  });

  const verify = (
    policy: ImagePolicy,
    evidence: readonly (SignatureEvidence | VerificationError)[],
    options: Partial<VerificationOptions> = {},
    trusted = roots,
  ): PolicyVerdict =>
    verifyImagePolicy(
      {
        image: IMAGE,
        digest: IMAGE_DIGEST,
        signatures: evidence.map((one, at) => ({ source: `signature ${at}`, evidence: one })),
      },
      trusted,
      policy,
      { now: NOW, ...options },
    );

  it('is met by nothing when none of the trusted roots it counts is here', () => {
    const everybody = { signers: [signer('ada@acme.test')] };
    expect(verify(policyOf(everybody), [byAda]).verified).toBe(true);
    for (const [policy, trusted] of [
      [policyOf({ ...everybody, trustRoots: ['public'] }), roots],
      [policyOf(everybody), []],
    ] as const) {
      const { verified, decision, signatures } = verify(policy, [byAda], {}, trusted);
      expect(verified).toBe(false);
      expect(decision.fault).toMatch(/^there is no trusted root/);
      expect(signatures[0]).toMatchObject({
        verified: false,
        steps: [{ code: 'CHAIN_UNTRUSTED' }, {}, {}, {}, {}, {}, {}],
      });
    }
  });

  it('takes certificates, managed keys and attestations side by side', () => {
    const policy = policyOf({
      signers: [signer('ada@acme.test'), { name: 'key', key: managed.publicKey.toPem() }],
      attestations: [{ name: 'scan', predicateType: 'vuln', signers: [signer('scanner@acme.test')] }],
    });
    const verdict = verify(policy, [scanned, byKey, byBob, byAda]);
    expect(verdict).toMatchObject({ verified: true, image: IMAGE, digest: IMAGE_DIGEST });
    expect(verdict.decision.requirements[0]?.signers.map(({ source }) => source)).toEqual([
      'signature 3',
      'signature 1',
    ]);
    expect(verdict.signatures.map(({ verified }) => verified)).toEqual([true, true, true, true]);
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
    expect(describeDecision(verdict)).toEqual([
      `policy release: signed by ada (ada@acme.test), key (the key sha256:${encodeHex(managed.publicKey.keyId)})`,
      'policy release: attested (scan) by scanner (scanner@acme.test)',
    ]);
  });

  it('refuses when one of them is missing', () => {
    const both = policyOf({ signers: [signer('ada@acme.test'), signer('bob@acme.test')] });
    expect(verify(both, [byAda, byBob]).verified).toBe(true);
    expect(verify(both, [byAda]).verified).toBe(false);
    expect(verify(both, [byAda, scanned]).verified).toBe(false);
    expect(verify(policyOf({ signers: [signer('scanner@acme.test')] }), [scanned]).verified).toBe(false);
  });

  it('counts no signature whose evidence does not hold, and says so', () => {
    const forged = { ...byAda, signature: byBob.signature };
    const garbage = new VerificationError('EVIDENCE_MALFORMED', 'garbage');
    const verdict = verify(policyOf({ signers: [signer('ada@acme.test')] }), [forged, garbage]);
    expect(verdict.verified).toBe(false);
    expect(describeDecision(verdict)).toEqual([
      'policy release: signed by none of those expected: ada: there is no verified signature',
      expect.stringMatching(/^2 signatures do not hold, the first: .+ failed: /),
    ]);
  });

  it('knows no managed key that no signer has', () => {
    const verdict = verify(policyOf({ signers: [signer('ada@acme.test')] }), [byKey]);
    expect(verdict.verified).toBe(false);
    expect(verdict.signatures[0]?.steps[1]?.code).toBe('KEY_MISSING');
  });

  it('demands of evidence what the policy says', () => {
    const ada = [signer('ada@acme.test')];
    expect(verify(policyOf({ signers: ada, requireTimestamp: true }), [byAda]).verified).toBe(false);
    expect(verify(policyOf({ signers: ada, logThreshold: 2 }), [byAda]).verified).toBe(false);
    const unproved = {
      ...byAda,
      logEntries: byAda.logEntries.map(({ inclusionProof: _, ...entry }) => entry),
    };
    expect(verify(policyOf({ signers: ada }), [unproved]).verified).toBe(false);
    expect(verify(policyOf({ signers: ada, requireInclusionProof: false }), [unproved]).verified).toBe(true);
  });

  it('is met by nothing without the list of revocations it asks for', () => {
    const verdict = verify(policyOf({ signers: [signer('ada@acme.test')], requireRevocationList: true }), [
      byAda,
    ]);
    expect(verdict.verified).toBe(false);
    expect(describeDecision(verdict)[0]).toMatch(/a list of revocations is required/);
  });

  describe('with several trusted roots', () => {
    let other: MiniSigstore;
    beforeAll(async () => {
      other = await MiniSigstore.create();
    });
    const both = (): readonly NamedTrustedRoot[] => [
      { name: 'public', trustedRoot: other.trustedRoot },
      ...roots,
    ];

    it('takes what holds under one of them', () => {
      expect(verify(policyOf({ signers: [signer('ada@acme.test')] }), [byAda], {}, both()).verified).toBe(
        true,
      );
    });

    it('counts only those the policy names', () => {
      const named = (name: string): ImagePolicy =>
        policyOf({ signers: [signer('ada@acme.test')], trustRoots: [name] });
      expect(verify(named('private'), [byAda], {}, both()).verified).toBe(true);
      expect(verify(named('public'), [byAda], {}, both()).verified).toBe(false);
      const nowhere = verify(named('elsewhere'), [byAda], {}, both());
      expect(nowhere.verified).toBe(false);
      expect(describeDecision(nowhere)).toEqual(['policy release: there is no trusted root elsewhere here']);
    });
  });
});

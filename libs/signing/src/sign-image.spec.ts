import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { Ed25519PrehashedSigner, PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { decodeUtf8, encodeBase64 } from '@sigstead/encoding';
import { parseImageReference } from '@sigstead/oci';
import {
  compilePolicy,
  legacyCandidate,
  parseArtifactDigest,
  verifyBundle,
  verifySignature,
  withInclusionProof,
} from '@sigstead/verification';
import { withCertifiedKey } from './certified-key.ts';
import { signImageDigest, type ImageSignatures, type SignatureForm } from './sign-image.ts';
import { managedKey } from './signing-key.ts';
import { failure, servicesOf } from './testonly/services.ts';
import { CLAIMS, makeToken, NOW, SmallSigstore } from './testonly/small-sigstore.ts';

const digest = `sha256:${'12'.repeat(32)}`;
const image = parseImageReference('registry.sigstead.test/acme/app:v1');
const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });

let sigstore: SmallSigstore;

beforeEach(async () => {
  sigstore = await SmallSigstore.start();
});
afterEach(() => sigstore.stop());

const sign = (
  version: 1 | 2,
  more: { form?: SignatureForm; annotations?: Record<string, string>; timestamped?: boolean } = {},
): Promise<ImageSignatures> => {
  const { timestamped, ...wanted } = more;
  const services = servicesOf(fetch, sigstore, version, timestamped);
  return withCertifiedKey(services, makeToken(), (key) =>
    signImageDigest(services, key, { image, digest, ...wanted }),
  );
};
const verify = (bundleJson: string, artifact = parseArtifactDigest(digest)) =>
  verifyBundle(parseBundle(bundleJson), artifact, sigstore.trustedRoot, policy, NOW).verified;

describe('signImageDigest', () => {
  it.each<[1 | 2, SignatureForm | undefined, string[]]>([
    [1, undefined, ['legacy', 'bundle']],
    [1, 'both', ['legacy', 'bundle']],
    [1, 'legacy', ['legacy']],
    [1, 'bundle', ['bundle']],
    [2, undefined, ['bundle']],
    [2, 'bundle', ['bundle']],
  ])('with Rekor v%d and form %s makes %j', async (version, form, made) => {
    const { digest: signed, ...signatures } = await sign(version, form && { form });
    expect([signed, Object.keys(signatures)]).toEqual([digest, made]);
  });

  it.each([
    PrivateKeySigner.generate('Ed25519'),
    new Ed25519PrehashedSigner(PrivateKeySigner.generate('Ed25519')),
  ])('has no form both of Ed25519 keys, and leaves neither in the log', async (signer) => {
    const signing = signImageDigest(servicesOf(fetch, sigstore, 1), managedKey(signer), { image, digest });
    expect((await failure(signing, 'input', 'ARTIFACT')).message).toContain('form bundle');
    expect(sigstore.seen).toEqual([]);
  });

  it.each<SignatureForm>(['legacy', 'both'])('has no form %s on Rekor v2', async (form) => {
    await failure(sign(2, { form }), 'input', 'ARTIFACT');
    expect(sigstore.seen).toEqual(['/api/v2/signingCert']);
  });

  it('makes a bundle of the image as cosign 3 does, which verifies', async () => {
    const { bundle } = await sign(2, { annotations: { build: '7' } });
    expect(verify(bundle?.bundleJson ?? '')).toBe(true);
    const { content } = parseBundle(bundle?.bundleJson ?? '');
    expect(content.kind === 'dsse' && decodeUtf8(content.payload)).toContain('"annotations":{"build":"7"}');
  });

  it('makes a layer as cosign does, which verifies with the proof of the log', async () => {
    const { legacy } = await sign(1, { timestamped: true });
    if (legacy === undefined) throw new Error('no layer');
    const { layer, signature } = legacy;
    const { annotations } = layer;
    const [{ entry }] = signature.logged;
    expect(Object.keys(annotations).sort()).toEqual([
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/bundle',
      'dev.sigstore.cosign/certificate',
      'dev.sigstore.cosign/chain',
      'dev.sigstore.cosign/rfc3161timestamp',
    ]);
    expect(annotations['dev.sigstore.cosign/chain']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(annotations['dev.sigstore.cosign/bundle']).toBe(
      `{"SignedEntryTimestamp":"${encodeBase64(entry.inclusionPromise ?? new Uint8Array())}","Payload":{"body":"${encodeBase64(entry.canonicalizedBody)}",` +
        `"integratedTime":${entry.integratedTimeSeconds},"logIndex":1001,"logID":"${Buffer.from(entry.logId).toString('hex')}"}}`,
    );
    const { evidence } = legacyCandidate(layer, 'layer');
    const [logged] = evidence instanceof Error ? [] : evidence.logEntries;
    if (evidence instanceof Error || logged === undefined || entry.inclusionProof === undefined)
      throw new Error('evidence is not readable');
    expect(evidence.timestamps).toHaveLength(1);
    const candidate = {
      source: 'layer',
      evidence: withInclusionProof(evidence, logged, entry.inclusionProof),
    };
    const artifact = parseArtifactDigest(digest);
    expect(verifySignature(candidate, artifact, sigstore.trustedRoot, policy, { now: NOW }).verified).toBe(
      true,
    );
  });

  it('has a bundle of the layer, over its document', async () => {
    const { legacy } = await sign(1, { annotations: { build: '7' } });
    const payload = legacy?.layer.payload ?? new Uint8Array();
    expect(decodeUtf8(payload)).toContain('"optional":{"build":"7"}');
    const document = { algorithm: 'sha256' as const, digest: sha256(payload) };
    expect(verify(legacy?.signature.bundleJson ?? '', document)).toBe(true);
  });

  it('signs with a managed key, in layers without certificate', async () => {
    const key = managedKey(PrivateKeySigner.generate('P-256'));
    const { legacy, bundle } = await signImageDigest(servicesOf(fetch, sigstore, 1), key, { image, digest });
    expect(Object.keys(legacy?.layer.annotations ?? {})).toEqual([
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/bundle',
    ]);
    const byKey = compilePolicy({ key: key.signer.publicKey.toPem() });
    const verdict = verifyBundle(
      parseBundle(bundle?.bundleJson ?? ''),
      parseArtifactDigest(digest),
      sigstore.trustedRoot,
      byKey,
      NOW,
    );
    expect(verdict.verified).toBe(true);
  });

  it('refuses annotations that cannot be signed before anything is asked of a log', async () => {
    await failure(sign(1, { annotations: { '': 'x' } }), 'input', 'ANNOTATIONS');
    expect(sigstore.seen).toEqual(['/api/v2/signingCert']);
  });
});

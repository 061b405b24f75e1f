import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacyAttestation,
  appendLegacySignature,
  attestationTag,
  OCI_INDEX,
  OCI_MANIFEST,
  parseImageReference,
  pushBundleReferrer,
  RegistryClient,
  signatureTag,
  type ImageReference,
} from '@sigstead/oci';
import { startMemoryRegistry, type MemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { VerificationError, type SignatureCandidate } from '@sigstead/verification';
import { nameEvidence, readCandidates } from './image-candidates.ts';
import { hasVectors, readBundle } from './testonly/vectors.ts';

const MANIFEST = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));
const statement = (predicateType: string) =>
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: 'ab' } }],
    predicateType,
  });

describe('what lies beside an image', () => {
  let registry: MemoryRegistry;
  let client: RegistryClient;
  let image: ImageReference;
  let digest: string;

  beforeAll(async () => {
    registry = await startMemoryRegistry();
    registry.hasReferrers = true;
    client = new RegistryClient({ fetch, timeoutMs: 10_000 });
  });
  afterAll(() => registry.close());

  beforeEach(async () => {
    registry.blobs.clear();
    registry.manifests.clear();
    registry.intercept = () => undefined;
    image = parseImageReference(`${registry.host}/app:v1`);
    digest = await client.pushManifest(image, 'v1', OCI_MANIFEST, MANIFEST);
  });

  const addSignature = (annotations: Record<string, string>) =>
    appendLegacySignature(client, image, digest, { payload: encodeUtf8('{}'), annotations });
  const addAttestation = (predicateType: string) => {
    const payload = Buffer.from(statement(predicateType)).toString('base64');
    const payloadType = 'application/vnd.in-toto+json';
    const envelope = encodeUtf8(JSON.stringify({ payloadType, payload, signatures: [{ sig: 'AAAA' }] }));
    return appendLegacyAttestation(
      client,
      image,
      digest,
      { payload: envelope, annotations: {} },
      { predicateType },
    );
  };
  const addBundle = (name: string) => {
    const subject = { mediaType: OCI_MANIFEST, digest, size: MANIFEST.length };
    return pushBundleReferrer(client, image, subject, readBundle(name), { createdAt: new Date(0) });
  };
  const told = (candidates: readonly SignatureCandidate[]) =>
    candidates.map(({ source, evidence }) => [
      source,
      evidence instanceof VerificationError ? evidence.code : evidence.content.kind,
    ]);
  const read = async (...more: [Parameters<typeof readCandidates>[3], object?]) =>
    told(await readCandidates(client, image, digest, ...more));

  it('is nothing', async () => {
    expect(await read('all')).toEqual([]);
    expect(await nameEvidence(client, image, digest, 'all')).toEqual(['', '']);
  });

  it('is read by kind', async () => {
    await addSignature({ 'dev.cosignproject.cosign/signature': 'AAAA' });
    await addAttestation('https://example.com/type');
    const signature = [`${signatureTag(digest)}, layer 0`, 'simple-signing'];
    const attestation = [`${attestationTag(digest)}, layer 0`, 'dsse'];
    expect(await read('all')).toEqual([signature, attestation]);
    expect(await read('signature')).toEqual([signature]);
    expect(await read('attestation')).toEqual([attestation]);
  });

  (hasVectors ? it : it.skip)('is a signature or an attestation by what a bundle says', async () => {
    await addBundle('rekor2-happy-path');
    await addBundle('happy-path-intoto-in-dsse-v3');
    const kinds = async (...more: Parameters<typeof read>) =>
      (await read(...more)).map(([, kind]) => kind).sort();
    expect(await kinds('all')).toEqual(['dsse', 'message-digest']);
    expect(await kinds('signature')).toEqual(['message-digest']);
    expect(await kinds('attestation')).toEqual(['dsse']);
    expect(await kinds('all', { bundles: false })).toEqual([]);
  });

  it('stays in the list when it cannot be read, and hides nothing', async () => {
    await addSignature({});
    await addSignature({ 'dev.cosignproject.cosign/signature': 'AAAA' });
    expect((await read('signature')).map(([, kind]) => kind)).toEqual([
      'EVIDENCE_MALFORMED',
      'simple-signing',
    ]);
    const index = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }));
    await client.pushManifest(image, signatureTag(digest), OCI_INDEX, index);
    expect(await read('signature')).toEqual([[signatureTag(digest), 'EVIDENCE_MALFORMED']]);
  });

  it('is an error when the registry does not answer', async () => {
    registry.intercept = (_, response) => {
      response.writeHead(500).end();
      return true;
    };
    await expect(readCandidates(client, image, digest, 'all')).rejects.toMatchObject({ code: 'STATUS' });
  });

  it('has a name that changes with it', async () => {
    const before = await nameEvidence(client, image, digest, 'all');
    await addSignature({ 'dev.cosignproject.cosign/signature': 'AAAA' });
    const after = await nameEvidence(client, image, digest, 'all');
    expect(after).not.toEqual(before);
    expect(await nameEvidence(client, image, digest, 'attestation')).toEqual(['']);
  });
});

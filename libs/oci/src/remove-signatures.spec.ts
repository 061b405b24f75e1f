import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { appendLegacyAttestation, attestationTag } from './legacy-attestation.ts';
import { billOfMaterialsTag } from './legacy-layers.ts';
import { appendLegacySignature, signatureTag } from './legacy-signature.ts';
import { OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST, SIGSTORE_BUNDLE } from './media-types.ts';
import { pushBundleReferrer } from './push-bundle-referrer.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { referrersTag } from './referrers.ts';
import { RegistryClient } from './registry-client.ts';
import { removeSignatures, removeTag } from './remove-signatures.ts';
import { storeBlob, storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

let registry: MemoryRegistry;
let ref: ImageReference;
let image: { mediaType: string; digest: string; size: number };
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  ref = parseImageReference(`${registry.host}/app`);
  image = storeManifest(registry, { config: storeBlob(registry, '{}', OCI_CONFIG), layers: [] }, 'v1');
});
afterEach(() => registry.close());

const layer = { payload: encodeUtf8('x'), annotations: {} };
const bundle = (name: string) =>
  encodeUtf8(JSON.stringify({ mediaType: SIGSTORE_BUNDLE, dsseEnvelope: { name } }));
const push = (name: string) =>
  pushBundleReferrer(client, ref, image, bundle(name), { createdAt: new Date(0) });
const sign = async () => {
  await appendLegacySignature(client, ref, image.digest, layer);
  await appendLegacyAttestation(client, ref, image.digest, layer, { predicateType: 'x' });
  storeManifest(
    registry,
    { config: {}, layers: [], annotations: { is: 'sbom' } },
    billOfMaterialsTag(image.digest),
  );
  return [(await push('one')).digest, (await push('two')).digest];
};

describe.each([true, false])('a registry that lists referrers: %s', (hasReferrers) => {
  beforeEach(() => {
    registry.hasReferrers = hasReferrers;
  });

  it('loses all that was stored beside an image, and keeps the image', async () => {
    const bundles = await sign();
    const { removed, left } = await removeSignatures(client, ref, image.digest);
    const tags = [signatureTag, attestationTag, billOfMaterialsTag].map((tagOf) => tagOf(image.digest));
    expect([...removed].sort()).toEqual([...tags, ...bundles].sort());
    expect(left).toEqual([]);
    expect(await client.listTags(ref)).toEqual(['v1']);
    for (const digest of bundles) expect(registry.manifests.has(digest)).toBe(false);
    expect(registry.manifests.has(image.digest)).toBe(true);
    expect((await removeSignatures(client, ref, image.digest)).removed).toEqual([]);
  });

  it('loses only what was asked for', async () => {
    await sign();
    expect((await removeSignatures(client, ref, image.digest, ['attestation'])).removed).toEqual([
      attestationTag(image.digest),
    ]);
    expect(registry.manifests.has(signatureTag(image.digest))).toBe(true);
  });

  it('keeps referrers of other kinds, and those nobody can read', async () => {
    const { digest } = await push('one');
    const sbom = storeManifest(registry, {
      artifactType: 'application/spdx+json',
      config: storeBlob(registry, '{}', OCI_EMPTY),
      layers: [],
      subject: image,
    });
    const missing = { mediaType: OCI_MANIFEST, digest: `sha256:${'1'.repeat(64)}`, size: 1 };
    if (!hasReferrers) {
      const index = JSON.parse(
        decodeUtf8(registry.manifests.get(referrersTag(image.digest))?.bytes ?? new Uint8Array()),
      ) as { manifests: object[] };
      storeManifest(registry, { manifests: [...index.manifests, sbom, missing] }, referrersTag(image.digest));
    }
    const { removed, left } = await removeSignatures(client, ref, image.digest, ['referrer']);
    expect(removed).toEqual([digest]);
    expect(left.map(({ code }) => code)).toEqual(hasReferrers ? [] : ['NOT_FOUND']);
    expect(registry.manifests.has(sbom.digest)).toBe(true);
    expect(registry.manifests.has(referrersTag(image.digest))).toBe(!hasReferrers);
  });
});

describe('removeTag', () => {
  const refuse = (fits: (url: string) => boolean, status: number) => {
    registry.intercept = (request, response) => {
      if (request.method !== 'DELETE' || !fits(request.url ?? '')) return false;
      response.writeHead(status).end();
      return true;
    };
  };

  it.each([400, 405])('removes the manifest where tags cannot be deleted (%i)', async (status) => {
    refuse((url) => !url.includes('sha256:'), status);
    expect(await removeTag(client, ref, 'v1')).toBe(true);
    expect(registry.manifests.has(image.digest)).toBe(false);
  });

  it('says where nothing may be deleted', async () => {
    refuse(() => true, 405);
    const error = await failure(removeTag(client, ref, 'v1'), 'STATUS');
    expect(error.message).toContain('405 for deletion of manifest');
    refuse(() => true, 403);
    await failure(removeTag(client, ref, 'v1'), 'UNAUTHORIZED');
  });

  it('is false for a tag that is not there', async () => {
    expect(await removeTag(client, ref, 'v9')).toBe(false);
  });
});

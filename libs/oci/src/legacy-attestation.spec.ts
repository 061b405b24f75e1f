import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { digestOf } from './digest.ts';
import { appendLegacyAttestation, attestationTag, readLegacyAttestations } from './legacy-attestation.ts';
import { DSSE_ENVELOPE, OCI_MANIFEST, SIMPLE_SIGNING } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { storeBlob, storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const imageDigest = `sha256:${'5'.repeat(64)}`;
const tag = `sha256-${'5'.repeat(64)}.att`;
const provenance = 'https://slsa.dev/provenance/v1';

let registry: MemoryRegistry;
let image: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
});
afterEach(() => registry.close());

const append = (text: string, predicateType = provenance, replace = false) =>
  appendLegacyAttestation(
    client,
    image,
    imageDigest,
    { payload: encodeUtf8(text), annotations: { 'dev.sigstore.cosign/certificate': `PEM of ${text}` } },
    { predicateType, replace },
  );
const read = () => readLegacyAttestations(client, image, imageDigest);
const shown = async () => (await read()).map((one) => ('code' in one ? one.code : decodeUtf8(one.payload)));

it('lie under the digest with a dash and a suffix', () => {
  expect(attestationTag(imageDigest)).toBe(tag);
  expect(() => attestationTag('latest')).toThrow(expect.objectContaining({ code: 'REFERENCE' }));
});

describe('appendLegacyAttestation', () => {
  it('writes layers as cosign does', async () => {
    const stored = await append('{}');
    expect(stored).toEqual({ tag, digest: digestOf(registry.manifests.get(tag)?.bytes ?? new Uint8Array()) });
    const { layers, mediaType } = JSON.parse(
      decodeUtf8(registry.manifests.get(tag)?.bytes ?? new Uint8Array()),
    ) as Record<string, object>;
    expect(mediaType).toBe(OCI_MANIFEST);
    expect(JSON.stringify(layers)).toBe(
      `[{"mediaType":"application/vnd.dsse.envelope.v1+json","size":2,"digest":"${digestOf(encodeUtf8('{}'))}",` +
        `"annotations":{"dev.cosignproject.cosign/signature":"","dev.sigstore.cosign/certificate":"PEM of {}",` +
        `"predicateType":"https://slsa.dev/provenance/v1"}}]`,
    );
  });

  it('adds to what is there, and replaces its own kind when told', async () => {
    await append('one');
    await append('sbom', 'https://spdx.dev/Document');
    await append('two');
    expect(await shown()).toEqual(['one', 'sbom', 'two']);
    await append('three', provenance, true);
    expect(await shown()).toEqual(['sbom', 'three']);
    await append('three', provenance, true);
    expect(await shown()).toEqual(['sbom', 'three']);
  });

  it('refuses an envelope nobody reads back', async () => {
    await failure(append('x'.repeat(16 * 1024 * 1024 + 1)), 'TOO_LARGE');
    expect(registry.seen).toEqual([]);
  });
});

describe('readLegacyAttestations', () => {
  it('is empty without the tag', async () => {
    expect(await read()).toEqual([]);
  });

  it('gives each by itself and leaves other media types out', async () => {
    const good = { ...storeBlob(registry, 'good', DSSE_ENVELOPE), annotations: { predicateType: 'x' } };
    const huge = { ...good, size: 16 * 1024 * 1024 + 1 };
    const missing = { ...good, digest: imageDigest };
    const other = storeBlob(registry, 'signature', SIMPLE_SIGNING);
    storeManifest(registry, { config: {}, layers: [huge, missing, other, { size: 1 }, good] }, tag);
    expect(await shown()).toEqual(['TOO_LARGE', 'NOT_FOUND', 'MALFORMED', 'good']);
    expect((await read()).at(-1)).toEqual({
      payload: encodeUtf8('good'),
      annotations: { predicateType: 'x' },
    });
  });

  it('refuses an index under the tag', async () => {
    storeManifest(registry, { manifests: [] }, tag);
    await failure(read(), 'MALFORMED');
  });
});

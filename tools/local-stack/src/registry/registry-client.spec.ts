import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacySignature,
  digestOf,
  OCI_MANIFEST,
  parseImageReference,
  readLegacySignatures,
  RegistryClient,
  signatureTag,
} from '@sigstead/oci';
import { startRegistry, type RunningRegistry } from './testonly/running-registry.ts';

let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.remove());

const client = new RegistryClient({ fetch, timeoutMs: 5000 });

/** Our client against our registry: two readings of one specification. */
describe('RegistryClient with the development registry', () => {
  const push = async (repository: string) => {
    const image = parseImageReference(`${registry.host}/${repository}:v1`);
    const config = encodeUtf8('{}');
    const layer = encodeUtf8(`layer of ${repository}`);
    const describeBlob = async (mediaType: string, bytes: Uint8Array) => ({
      mediaType,
      digest: await client.pushBlob(image, bytes),
      size: bytes.length,
    });
    const manifest = encodeUtf8(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: await describeBlob('application/vnd.oci.image.config.v1+json', config),
        layers: [await describeBlob('application/vnd.oci.image.layer.v1.tar', layer)],
      }),
    );
    return { image, digest: await client.pushManifest(image, 'v1', OCI_MANIFEST, manifest), layer };
  };

  it('pushes, resolves and reads an image', async () => {
    const { image, digest, layer } = await push('team/app');
    expect(await client.resolve(image)).toMatchObject({ digest, mediaType: OCI_MANIFEST });
    expect((await client.resolve(image.withDigest(digest))).digest).toBe(digest);
    expect(await client.getBlob(image, digestOf(layer), 100)).toEqual(layer);
    await expect(client.getBlob(image, digestOf(encodeUtf8('none')), 100)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(client.resolve(parseImageReference(`${registry.host}/team/app:v2`))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('MANIFEST_UNKNOWN'),
    });
  });

  it('stores signatures and reads them back in order', async () => {
    const { image, digest } = await push('signed');
    const signatures = ['one', 'two', 'three'].map((name) => ({
      payload: encodeUtf8(name),
      annotations: { name },
    }));
    for (const signature of signatures) await appendLegacySignature(client, image, digest, signature);
    expect(await readLegacySignatures(client, image, digest)).toEqual(signatures);
    const { tags } = (await (await fetch(`${registry.url}/v2/signed/tags/list`)).json()) as {
      tags: string[];
    };
    expect(tags).toEqual([signatureTag(digest), 'v1']);
  });

  it('keeps what another writer stores while we upload', async () => {
    const { image, digest } = await push('contended');
    const store = (name: string, through: RegistryClient) =>
      appendLegacySignature(through, image, digest, { payload: encodeUtf8(name), annotations: { name } });
    let others = 0;
    const interrupted = new RegistryClient({
      timeoutMs: 5000,
      fetch: async (url, init) => {
        if (init.method === 'PUT' && url.includes('/blobs/uploads/') && others < 3)
          await store(`other ${others++}`, client);
        return fetch(url, init);
      },
    });
    await store('ours', interrupted);
    const names = (await readLegacySignatures(client, image, digest)).map(
      ({ annotations }) => annotations['name'],
    );
    expect(names.sort()).toEqual(['other 0', 'other 1', 'other 2', 'ours']);
  });
});

import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { digestOf } from './digest.ts';
import { OCI_MANIFEST } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const MANIFEST = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));
const DIGEST = digestOf(MANIFEST);
const BLOB = encodeUtf8('{}');

describe('a registry that fails for the moment', () => {
  let registry: MemoryRegistry;
  let client: RegistryClient;
  let image: ImageReference;
  let asked: string[];

  beforeAll(async () => {
    registry = await startMemoryRegistry();
    client = new RegistryClient({ fetch, timeoutMs: 10_000 });
    image = parseImageReference(`${registry.host}/app:v1`);
  });
  afterAll(() => registry.close());
  beforeEach(async () => {
    registry.blobs.clear();
    registry.manifests.clear();
    registry.intercept = () => undefined;
    await client.pushManifest(image, 'v1', OCI_MANIFEST, MANIFEST);
    asked = [];
  });

  /** Fails the first requests of a method, and notes them all. */
  const fail = (method: string, times: number, answer: (response: ServerResponse) => void): void => {
    registry.intercept = (request, response) => {
      asked.push(request.method ?? '');
      if (request.method !== method || asked.filter((one) => one === method).length > times) return false;
      answer(response);
      return true;
    };
  };
  const says = (status: number, code?: string) => (response: ServerResponse) =>
    void response
      .writeHead(status)
      .end(code === undefined ? '' : JSON.stringify({ errors: [{ code, message: 'x' }] }));

  it.each([429, 500, 502, 503, 504])('with %i is asked again', async (status) => {
    fail('GET', 3, says(status));
    expect((await client.resolve(image)).digest).toBe(DIGEST);
    expect(asked).toHaveLength(4);
  });

  it('is asked four times, not for ever', async () => {
    fail('GET', Infinity, says(503));
    await expect(client.resolve(image)).rejects.toMatchObject({ code: 'STATUS', status: 503 });
    expect(asked).toHaveLength(4);
  });

  it.each([400, 404, 405, 416, 501])('is not meant by %i', async (status) => {
    fail('GET', Infinity, says(status));
    await expect(client.resolve(image)).rejects.toMatchObject({ status });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, number, string | undefined]>([
    ['for a 500', 500, undefined],
    ['that it took for another than its digest', 400, 'DIGEST_INVALID'],
  ])('is sent a manifest again %s', async (_, status, code) => {
    fail('PUT', 1, says(status, code));
    expect(await client.pushManifest(image, DIGEST, OCI_MANIFEST, MANIFEST)).toBe(DIGEST);
    expect(asked).toEqual(['PUT', 'PUT']);
  });

  it.each([
    [400, 'MANIFEST_INVALID'],
    [400, undefined],
    [409, 'DIGEST_INVALID'],
  ])('is not meant by %i %s for a manifest', async (status, code) => {
    fail('PUT', Infinity, says(status, code));
    await expect(client.pushManifest(image, DIGEST, OCI_MANIFEST, MANIFEST)).rejects.toMatchObject({
      status,
    });
    expect(asked).toHaveLength(1);
  });

  const wants = (status: number, seconds: string) => (response: ServerResponse) =>
    void response.writeHead(status, { 'retry-after': seconds }).end();

  it.each([429, 503])('with %i and a time is left alone for so long', async (status) => {
    const begun = performance.now();
    fail('GET', 1, wants(status, '1'));
    expect((await client.resolve(image)).digest).toBe(DIGEST);
    expect(performance.now() - begun).toBeGreaterThan(990);
  });

  it.each(['6', '3600', '999999999'])('is not waited for when it wants %s seconds', async (seconds) => {
    fail('GET', Infinity, wants(429, seconds));
    await expect(client.resolve(image)).rejects.toMatchObject({ code: 'STATUS', status: 429 });
    expect(asked).toHaveLength(1);
  });

  it.each(['-1', '1.5', '', 'Fri, 31 Dec 2099 23:59:59 GMT'])(
    'may say %j, which is no time',
    async (seconds) => {
      fail('GET', 1, wants(429, seconds));
      await client.resolve(image);
      expect(asked).toHaveLength(2);
    },
  );

  it('that is busy at the opening of an upload is asked again', async () => {
    fail('POST', 1, says(429));
    await client.pushBlob(image, BLOB);
    expect(asked).toEqual(['HEAD', 'POST', 'POST', 'PUT']);
  });

  it.each(['POST', 'PUT'])('at the %s of a blob gets it once more from its beginning', async (method) => {
    fail(method, 1, says(500));
    await client.pushBlob(image, BLOB);
    expect(asked).toEqual(['HEAD', 'POST', ...(method === 'POST' ? [] : ['PUT']), 'POST', 'PUT']);
    expect(registry.blobs.has(digestOf(BLOB))).toBe(true);
  });

  it('is sent a stream once', async () => {
    async function* chunks() {
      yield BLOB;
    }
    fail('PATCH', Infinity, says(429));
    await expect(client.pushStream(image, digestOf(BLOB), chunks())).rejects.toMatchObject({ status: 429 });
    expect(asked.filter((method) => method === 'PATCH')).toHaveLength(1);
  });

  it('is asked to delete once', async () => {
    fail('DELETE', Infinity, says(500));
    await expect(client.deleteManifest(image, DIGEST)).rejects.toMatchObject({ status: 500 });
    expect(asked).toEqual(['DELETE']);
  });
});

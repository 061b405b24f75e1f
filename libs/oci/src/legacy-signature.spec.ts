import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { digestOf } from './digest.ts';
import {
  appendLegacySignature,
  readLegacyLayers,
  readLegacySignatures,
  signatureTag,
  type LegacySignature,
} from './legacy-signature.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const imageDigest = `sha256:${'5'.repeat(64)}`;
const tag = `sha256-${'5'.repeat(64)}.sig`;

let registry: MemoryRegistry;
let image: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
});
afterEach(() => registry.close());

const signature = (name: string): LegacySignature => ({
  payload: encodeUtf8(`payload ${name}`),
  annotations: { 'dev.sigstore.cosign/bundle': '{}', 'dev.cosignproject.cosign/signature': name },
});
const putManifest = (json: object, mediaType = OCI_MANIFEST) => {
  registry.manifests.set(tag, {
    mediaType,
    bytes: encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType, ...json })),
  });
};
const stored = () =>
  JSON.parse(decodeUtf8(registry.manifests.get(tag)?.bytes ?? new Uint8Array())) as Record<string, never>;

describe('signatureTag', () => {
  it('is the digest with a dash and a suffix', () => {
    expect(signatureTag(imageDigest)).toBe(tag);
    expect(() => signatureTag('latest')).toThrow(expect.objectContaining({ code: 'REFERENCE' }));
  });
});

describe('appendLegacySignature', () => {
  it('writes manifest and config as cosign does', async () => {
    const { digest } = await appendLegacySignature(client, image, imageDigest, signature('one'));
    const bytes = registry.manifests.get(tag)?.bytes ?? new Uint8Array();
    expect(digestOf(bytes)).toBe(digest);
    const payload = encodeUtf8('payload one');
    const config =
      `{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],"os":"",` +
      `"rootfs":{"type":"layers","diff_ids":["${digestOf(payload)}"]},"config":{}}`;
    // The size every keyless .sig manifest of one signature shows.
    expect(config.length).toBe(233);
    expect(decodeUtf8(bytes)).toBe(
      `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}",` +
        `"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":233,"digest":"${digestOf(encodeUtf8(config))}"},` +
        `"layers":[{"mediaType":"${SIMPLE_SIGNING}","size":11,"digest":"${digestOf(payload)}",` +
        `"annotations":{"dev.cosignproject.cosign/signature":"one","dev.sigstore.cosign/bundle":"{}"}}]}`,
    );
    expect(decodeUtf8(registry.blobs.get(digestOf(encodeUtf8(config))) ?? new Uint8Array())).toBe(config);
  });

  it('keeps every layer that is there, known to us or not', async () => {
    const foreign = {
      mediaType: 'application/x',
      digest: digestOf(encodeUtf8('f')),
      size: 1,
      urls: ['https://x'],
    };
    putManifest(
      { config: { mediaType: 'application/x-config' }, layers: [foreign], annotations: { kept: 'yes' } },
      DOCKER_MANIFEST,
    );
    await appendLegacySignature(client, image, imageDigest, signature('one'));
    await appendLegacySignature(client, image, imageDigest, signature('two'));
    const json = stored() as unknown as {
      layers: unknown[];
      annotations: unknown;
      config: { mediaType: string };
    };
    expect(json.layers).toHaveLength(3);
    expect(json.layers[0]).toEqual(foreign);
    expect(json.annotations).toEqual({ kept: 'yes' });
    expect(json.config.mediaType).toBe('application/x-config');
    expect(registry.manifests.get(tag)?.mediaType).toBe(DOCKER_MANIFEST);
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([
      signature('one'),
      signature('two'),
    ]);
  });

  it('loses none of 20 that come at once', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(
      names.map((name) => appendLegacySignature(client, image, imageDigest, signature(name))),
    );
    const found = await readLegacySignatures(client, image, imageDigest);
    expect(found.map(({ payload }) => decodeUtf8(payload)).sort()).toEqual(
      names.map((name) => `payload ${name}`).sort(),
    );
  });

  it('is safe to repeat', async () => {
    const first = await appendLegacySignature(client, image, imageDigest, signature('one'));
    expect(await appendLegacySignature(client, image, imageDigest, signature('one'))).toEqual(first);
    expect(await readLegacySignatures(client, image, imageDigest)).toHaveLength(1);
  });

  it('writes again when another writer replaced the manifest, and keeps that one too', async () => {
    await appendLegacySignature(client, image, imageDigest, signature('theirs'));
    const theirs = registry.manifests.get(tag);
    let replaced = 0;
    registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('/manifests/') || replaced++ > 1) return false;
      if (theirs !== undefined) registry.manifests.set(tag, theirs);
      response.writeHead(201).end();
      return true;
    };
    await appendLegacySignature(client, image, imageDigest, signature('ours'));
    expect(replaced).toBe(3);
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([
      signature('theirs'),
      signature('ours'),
    ]);
  });

  it('restores a layer it has read when another writer dropped it', async () => {
    await appendLegacySignature(client, image, imageDigest, signature('old'));
    let dropped = false;
    registry.intercept = (request, response) => {
      if (dropped || request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      dropped = true;
      putManifest({ config: {}, layers: [] });
      response.writeHead(201).end();
      return true;
    };
    await appendLegacySignature(client, image, imageDigest, signature('new'));
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([
      signature('old'),
      signature('new'),
    ]);
  });

  it('does not give up while others are quicker for a while', async () => {
    let reads = 0;
    registry.intercept = (request) => {
      // Another one stores a signature before each of the first sixty looks.
      if (request.method === 'GET' && request.url?.endsWith(tag) && reads++ < 60) {
        const layers = [{ mediaType: SIMPLE_SIGNING, size: 1, digest: digestOf(encodeUtf8(`${reads}`)) }];
        putManifest({ config: {}, layers });
      }
      return false;
    };
    await appendLegacySignature(client, image, imageDigest, signature('late'));
    expect(stored()['layers']).toContainEqual(
      expect.objectContaining({ digest: digestOf(signature('late').payload) }),
    );
  });

  it('gives up when it is always replaced', async () => {
    registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      response.writeHead(201).end();
      return true;
    };
    await failure(appendLegacySignature(client, image, imageDigest, signature('one')), 'CONFLICT');
  });

  it('leaves no manifest when the registry fails in between', async () => {
    registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('/manifests/')) return false;
      response.writeHead(500).end();
      return true;
    };
    await failure(appendLegacySignature(client, image, imageDigest, signature('one')), 'STATUS');
    registry.intercept = () => false;
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([]);
  });

  it('refuses an index, a full manifest and a huge payload', async () => {
    putManifest({ manifests: [] }, OCI_INDEX);
    await failure(appendLegacySignature(client, image, imageDigest, signature('one')), 'MALFORMED');
    const layer = (index: number) => ({
      mediaType: 'application/x',
      digest: digestOf(encodeUtf8(`${index}`)),
      size: 1,
    });
    putManifest({ config: {}, layers: Array.from({ length: 256 }, (_, index) => layer(index)) });
    await failure(appendLegacySignature(client, image, imageDigest, signature('one')), 'TOO_LARGE');
    const huge = { payload: new Uint8Array(256 * 1024 + 1), annotations: {} };
    await failure(appendLegacySignature(client, image, imageDigest, huge), 'TOO_LARGE');
  });
});

describe('readLegacySignatures', () => {
  const layer = (more: object = {}) => ({
    mediaType: SIMPLE_SIGNING,
    digest: digestOf(encodeUtf8('x')),
    size: 1,
    ...more,
  });

  it('is empty without the tag', async () => {
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([]);
  });

  it('takes layers without annotations and skips other media types', async () => {
    registry.blobs.set(digestOf(encodeUtf8('x')), encodeUtf8('x'));
    putManifest({
      config: {},
      layers: [layer(), layer({ mediaType: 'application/x', size: 10 ** 12 }), layer({ annotations: null })],
    });
    expect(await readLegacySignatures(client, image, imageDigest)).toEqual([
      { payload: encodeUtf8('x'), annotations: {} },
      { payload: encodeUtf8('x'), annotations: {} },
    ]);
  });

  it.each([
    ['thousands of layers', Array.from({ length: 5000 }, () => layer()), 'TOO_LARGE'],
    ['a huge payload', [layer({ size: 10 ** 9 })], 'TOO_LARGE'],
    ['layers that are no list', 'layers', 'MALFORMED'],
    [
      'a layer that is no descriptor',
      [{ mediaType: SIMPLE_SIGNING, digest: '../../x', size: 1 }],
      'MALFORMED',
    ],
    ['a negative size', [layer({ size: -1 })], 'MALFORMED'],
    ['annotations that are no texts', [layer({ annotations: { a: 1 } })], 'MALFORMED'],
  ] as const)('refuses %s without fetching one', async (_name, layers, code) => {
    putManifest({ config: {}, layers });
    await failure(readLegacySignatures(client, image, imageDigest), code);
    expect(registry.seen.filter(({ url }) => url.includes('/blobs/'))).toEqual([]);
  });

  it('refuses a payload that is longer than announced or of another digest', async () => {
    putManifest({ config: {}, layers: [layer()] });
    registry.blobs.set(digestOf(encodeUtf8('x')), encodeUtf8('xy'));
    await failure(readLegacySignatures(client, image, imageDigest), 'TOO_LARGE');
    registry.blobs.set(digestOf(encodeUtf8('x')), encodeUtf8('y'));
    await failure(readLegacySignatures(client, image, imageDigest), 'DIGEST_MISMATCH');
  });

  it('refuses a payload that is shorter than announced', async () => {
    putManifest({ config: {}, layers: [layer({ size: 2 })] });
    registry.blobs.set(digestOf(encodeUtf8('x')), encodeUtf8('x'));
    await failure(readLegacySignatures(client, image, imageDigest), 'MALFORMED');
  });
});

describe('readLegacyLayers', () => {
  it('tells what is wrong with each layer and reads the others', async () => {
    const good = { mediaType: SIMPLE_SIGNING, digest: digestOf(encodeUtf8('x')), size: 1 };
    registry.blobs.set(good.digest, encodeUtf8('x'));
    const spoiled = digestOf(encodeUtf8('spoiled'));
    registry.blobs.set(spoiled, encodeUtf8('other'));
    putManifest({
      config: {},
      layers: [
        { mediaType: SIMPLE_SIGNING },
        { ...good, digest: imageDigest },
        { ...good, digest: spoiled, size: 5 },
        { ...good, size: 10 ** 9 },
        { ...good, size: 2 },
        { ...good, annotations: { a: 1 } },
        good,
      ],
    });
    const found = await readLegacyLayers(client, image, imageDigest);
    expect(found.map((layer) => ('code' in layer ? layer.code : 'read'))).toEqual([
      'MALFORMED',
      'NOT_FOUND',
      'DIGEST_MISMATCH',
      'TOO_LARGE',
      'MALFORMED',
      'MALFORMED',
      'read',
    ]);
  });

  it('fetches no more payloads than fit the bound of all', async () => {
    const payload = encodeUtf8('x'.repeat(200_000));
    registry.blobs.set(digestOf(payload), payload);
    const layer = { mediaType: SIMPLE_SIGNING, digest: digestOf(payload), size: payload.length };
    putManifest({ config: {}, layers: Array.from({ length: 60 }, () => layer) });
    const found = await readLegacyLayers(client, image, imageDigest);
    expect(found.filter((one) => 'code' in one && one.code === 'TOO_LARGE')).toHaveLength(60 - 41);
    expect(registry.seen.filter(({ url }) => url.includes('/blobs/'))).toHaveLength(41);
  });

  it('fails as a whole when the registry does', async () => {
    putManifest({ config: {}, layers: [{ mediaType: SIMPLE_SIGNING, digest: imageDigest, size: 1 }] });
    registry.intercept = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(503).end();
      return true;
    };
    await failure(readLegacyLayers(client, image, imageDigest), 'STATUS');
  });
});

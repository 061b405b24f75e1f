import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { childForPlatform, readIndexChildren, readManifestTree } from './index-children.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

let registry: MemoryRegistry;
let image: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
});
afterEach(() => registry.close());

const storeImage = (name: string) =>
  storeManifest(registry, { config: {}, layers: [], annotations: { name } });
const storeIndex = (...manifests: unknown[]) => storeManifest(registry, { manifests });
const platform = (os: string, architecture: string, more: object = {}) => ({
  platform: { os, architecture, ...more },
});

describe('readIndexChildren', () => {
  it('names each manifest with its platform', async () => {
    const [amd, arm, windows, attestation] = ['amd', 'arm', 'windows', 'attestation'].map(storeImage);
    const index = storeIndex(
      { ...amd, ...platform('linux', 'amd64') },
      { ...arm, ...platform('linux', 'arm64', { variant: 'v8' }) },
      { ...windows, ...platform('windows', 'amd64', { 'os.version': '10.0.17763.1' }) },
      { ...attestation, ...platform('unknown', 'unknown'), annotations: { odd: 1 } },
      { ...amd, platform: 'linux' },
      { ...amd, ...platform('li nux', 'amd64') },
      { ...amd, ...platform('linux', '') },
    );
    const children = await readIndexChildren(client, image, index.digest);
    expect(children.map((child) => child.platform)).toEqual([
      'linux/amd64',
      'linux/arm64/v8',
      'windows/amd64:10.0.17763.1',
      'unknown/unknown',
      undefined,
      undefined,
      undefined,
    ]);
    expect(children[1]).toEqual({ ...arm, platform: 'linux/arm64/v8' });
  });

  it('is empty for a plain image', async () => {
    expect(await readIndexChildren(client, image, storeImage('plain').digest)).toEqual([]);
  });

  it.each([
    ['entries that are no list', { manifests: {} }, 'MALFORMED'],
    ['an entry that is no descriptor', { manifests: [{ digest: 'x' }] }, 'MALFORMED'],
    [
      'thousands of entries',
      {
        manifests: Array.from({ length: 257 }, (_, at) => ({
          mediaType: OCI_MANIFEST,
          size: 1,
          digest: `sha256:${`${at}`.padStart(64, '0')}`,
        })),
      },
      'TOO_LARGE',
    ],
  ] as const)('refuses %s', async (_name, json, code) => {
    await failure(readIndexChildren(client, image, storeManifest(registry, json).digest), code);
  });
});

describe('childForPlatform', () => {
  const children = ['linux/amd64', 'linux/arm/v6', 'linux/arm/v7', 'windows/amd64:10.0', undefined].map(
    (text, at) => ({ digest: `${at}`, mediaType: OCI_MANIFEST, size: 1, platform: text }),
  );

  it.each([
    ['linux/amd64', '0'],
    ['linux/arm/v7', '2'],
    ['windows', '3'],
    ['windows/amd64:10.0', '3'],
  ])('finds %s', (text, digest) => {
    expect(childForPlatform(children, text).digest).toBe(digest);
  });

  it.each([
    ['linux/s390x', 'NOT_FOUND', 'only for linux/amd64'],
    ['linux/amd64/v2', 'NOT_FOUND', 'not for'],
    ['linux/arm', 'REFERENCE', 'linux/arm/v6, linux/arm/v7'],
    ['linux', 'REFERENCE', 'fits several'],
    ['', 'REFERENCE', 'got ""'],
    ['linux/arm/v7/x', 'REFERENCE', 'a platform is'],
    [`l${'x'.repeat(1000)}`, 'REFERENCE', 'a platform is'],
  ])('refuses %j', (text, code, message) => {
    const find = () => childForPlatform(children, text);
    expect(find).toThrow(expect.objectContaining({ code }));
    expect(find).toThrow(message);
  });
});

describe('readManifestTree', () => {
  it('gives children before what lists them, each once', async () => {
    const [one, two] = ['one', 'two'].map(storeImage);
    const inner = storeIndex(one, two);
    const root = storeIndex(inner, one);
    const digests = (await readManifestTree(client, image, root.digest)).map(({ digest }) => digest);
    expect(digests).toEqual([one?.digest, two?.digest, inner.digest, root.digest]);
  });

  it('is the image alone where there is no index', async () => {
    const { digest } = storeImage('plain');
    expect((await readManifestTree(client, image, digest)).map((one) => one.digest)).toEqual([digest]);
  });

  it('ends where an index claims to list itself', async () => {
    const digest = `sha256:${'7'.repeat(64)}`;
    const entry = { mediaType: OCI_INDEX, digest, size: 100 };
    const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    registry.manifests.set(digest, { mediaType: OCI_INDEX, bytes });
    await failure(readManifestTree(client, image, digest), 'DIGEST_MISMATCH');
    expect(await readManifestTree(client, image, storeIndex(storeIndex()).digest)).toHaveLength(2);
  });

  it('refuses indexes that are nested deep, and children that are missing or lie about their size', async () => {
    const deep = Array.from({ length: 6 }).reduce<{ digest: string }>(
      (inner) => storeIndex(inner),
      storeImage('x'),
    );
    await failure(readManifestTree(client, image, deep.digest), 'TOO_LARGE');
    const missing = { mediaType: OCI_MANIFEST, digest: `sha256:${'7'.repeat(64)}`, size: 1 };
    await failure(readManifestTree(client, image, storeIndex(missing).digest), 'NOT_FOUND');
    const short = { ...storeImage('x'), size: 1000 };
    await failure(readManifestTree(client, image, storeIndex(short).digest), 'MALFORMED');
  });
});

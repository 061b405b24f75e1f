import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { readBundleReferrers } from './bundle-referrer.ts';
import { digestOf } from './digest.ts';
import { OCI_INDEX, OCI_MANIFEST, SIGSTORE_BUNDLE } from './media-types.ts';
import { pushBundleReferrer } from './push-bundle-referrer.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { referrersTag } from './referrers.ts';
import { RegistryClient } from './registry-client.ts';
import { storeBundleReferrer, storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const subject = { mediaType: OCI_MANIFEST, digest: `sha256:${'5'.repeat(64)}`, size: 1234 };
const tag = referrersTag(subject.digest);
const signPredicate = 'https://sigstore.dev/cosign/sign/v1';
const createdAt = new Date('2026-02-03T04:05:06.789Z');

let registry: MemoryRegistry;
let image: ImageReference;
const newClient = () => new RegistryClient({ fetch, timeoutMs: 20_000 });
let client: RegistryClient;

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
  client = newClient();
});
afterEach(() => registry.close());

const bundle = (name: string, content: object = { dsseEnvelope: { name } }) =>
  encodeUtf8(JSON.stringify({ mediaType: SIGSTORE_BUNDLE, ...content }));
const push = (name: string, through = client) =>
  pushBundleReferrer(through, image, subject, bundle(name), { predicateType: signPredicate, createdAt });
const stored = (name: string) => decodeUtf8(registry.manifests.get(name)?.bytes ?? new Uint8Array());
const entries = () => (JSON.parse(stored(tag)) as { manifests: Record<string, unknown>[] }).manifests;
const readNames = async () => {
  const found = await readBundleReferrers(client, image, subject.digest);
  return found.map((one) =>
    'code' in one
      ? one.code
      : (JSON.parse(decodeUtf8(one.bundle)) as { dsseEnvelope: { name: string } }).dsseEnvelope.name,
  );
};
/** Spoils every write that fits, and counts them. */
const failWrites = (part: string, status = 500) => {
  registry.intercept = (request, response) => {
    if (request.method !== 'PUT' || !request.url?.includes(part)) return false;
    response.writeHead(status).end();
    return true;
  };
};

it('writes the manifest byte for byte as cosign does', async () => {
  const { digest } = await push('one');
  const bytes = bundle('one');
  expect(stored(digest)).toBe(
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
      `"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,` +
      `"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",` +
      `"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"},` +
      `"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":${bytes.length},"digest":"${digestOf(bytes)}"}],` +
      `"annotations":{"dev.sigstore.bundle.content":"dsse-envelope",` +
      `"dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1",` +
      `"org.opencontainers.image.created":"2026-02-03T04:05:06Z"},` +
      `"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1234,"digest":"${subject.digest}"},` +
      `"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`,
  );
  expect(registry.blobs.get(digestOf(bytes))).toEqual(bytes);
  expect(registry.blobs.has(digestOf(encodeUtf8('{}')))).toBe(true);
});

it('names a message signature as what it is, with the annotations of its caller', async () => {
  const { digest } = await pushBundleReferrer(client, image, subject, bundle('', { messageSignature: {} }), {
    annotations: { 'com.example/a': 'b', 'dev.sigstore.bundle.content': 'else' },
    createdAt,
  });
  expect((JSON.parse(stored(digest)) as { annotations: object }).annotations).toEqual({
    'com.example/a': 'b',
    'dev.sigstore.bundle.content': 'message-signature',
    'org.opencontainers.image.created': '2026-02-03T04:05:06Z',
  });
});

it.each([
  ['no JSON', encodeUtf8('{'), 'REFUSED'],
  ['no object', encodeUtf8('[]'), 'REFUSED'],
  ['no bundle', encodeUtf8('{}'), 'REFUSED'],
  ['no content', bundle('', {}), 'REFUSED'],
  ['two contents', bundle('', { dsseEnvelope: {}, messageSignature: {} }), 'REFUSED'],
  [
    'a bundle of version 0.1',
    bundle('', { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1', dsseEnvelope: {} }),
    'REFUSED',
  ],
  ['a bundle nobody reads back', bundle('x'.repeat(4 * 1024 * 1024)), 'TOO_LARGE'],
] as const)('stores nothing of %s', async (_name, bytes, code) => {
  await failure(pushBundleReferrer(client, image, subject, bytes, { createdAt }), code);
  expect(registry.seen).toEqual([]);
});

describe('with the referrers API', () => {
  beforeEach(() => {
    registry.hasReferrers = true;
  });

  it('leaves the list to the registry, and asks for it once', async () => {
    expect((await push('one')).listedBy).toBe('api');
    await push('two');
    expect(registry.manifests.has(tag)).toBe(false);
    expect(registry.seen.filter(({ url }) => url.includes('/referrers/'))).toHaveLength(1);
    expect(await readNames()).toEqual(['one', 'two']);
  });

  it('loses none of 20 that come at once', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(names.map((name) => push(name)));
    expect((await readNames()).sort()).toEqual(names.sort());
  });
});

describe('without the referrers API', () => {
  it('keeps the index under the tag, with what describes each entry', async () => {
    const { digest, listedBy } = await push('one');
    expect(listedBy).toBe('tag');
    expect(registry.manifests.get(tag)?.mediaType).toBe(OCI_INDEX);
    expect(stored(tag)).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` +
        `{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":${stored(digest).length},"digest":"${digest}",` +
        `"annotations":{"dev.sigstore.bundle.content":"dsse-envelope",` +
        `"dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1",` +
        `"org.opencontainers.image.created":"2026-02-03T04:05:06Z"},` +
        `"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}]}`,
    );
  });

  it('keeps it also where a registry confirms the subject but lists nothing', async () => {
    registry.intercept = (request, response) => {
      if (request.method === 'PUT' && request.url?.includes('/manifests/sha256:'))
        response.setHeader('oci-subject', subject.digest);
      return false;
    };
    expect((await push('one')).listedBy).toBe('tag');
    expect(await readNames()).toEqual(['one']);
  });

  it('keeps entries of others as they are, even the same one', async () => {
    const foreign = { mediaType: 'application/x', digest: `sha256:${'9'.repeat(64)}`, size: 3, data: 'AAAA' };
    const broken = { mediaType: 7 };
    storeManifest(registry, { manifests: [foreign, broken], annotations: { kept: 'yes' } }, tag);
    const { digest } = await push('one');
    expect(entries().slice(0, 2)).toEqual([foreign, broken]);
    expect(JSON.parse(stored(tag))).toMatchObject({ annotations: { kept: 'yes' } });
    const bare = { mediaType: OCI_MANIFEST, digest, size: stored(digest).length };
    storeManifest(registry, { manifests: [bare] }, tag);
    await push('one');
    expect(entries()).toEqual([bare]);
  });

  it('is safe to repeat', async () => {
    expect(await push('one')).toEqual(await push('one'));
    expect(await readNames()).toEqual(['one']);
  });

  it('makes an index where the tag was but a name of the image', async () => {
    const pinned = storeManifest(registry, { config: {}, layers: [] });
    const name = referrersTag(pinned.digest);
    storeManifest(registry, { config: {}, layers: [] }, name);
    await pushBundleReferrer(client, image, pinned, bundle('one'), { createdAt });
    expect(registry.manifests.get(name)?.mediaType).toBe(OCI_INDEX);
  });

  it('leaves alone what is no index', async () => {
    storeManifest(registry, { config: {}, layers: [] }, tag);
    await failure(push('one'), 'MALFORMED');
    expect(registry.manifests.get(tag)?.mediaType).toBe(OCI_MANIFEST);
  });

  it('adds nothing to a full index', async () => {
    const manifests = Array.from({ length: 512 }, (_, at) => ({ digest: `${at}` }));
    storeManifest(registry, { manifests }, tag);
    await failure(push('one'), 'TOO_LARGE');
    expect(entries()).toHaveLength(512);
  });

  it('loses none of 20 that come at once', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(names.map((name) => push(name)));
    expect((await readNames()).sort()).toEqual(names.sort());
  });

  it('loses none of 20 that come at once from elsewhere, where the registry knows conditional requests', async () => {
    registry.hasConditions = true;
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(names.map((name) => push(name, newClient())));
    expect((await readNames()).sort()).toEqual(names.sort());
  });

  it('writes again when another writer replaced the index, and keeps that one too', async () => {
    const theirs = storeBundleReferrer(registry, subject.digest, decodeUtf8(bundle('theirs')));
    let replaced = 0;
    registry.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.endsWith(tag) || replaced++ > 1) return false;
      storeManifest(registry, { manifests: [theirs] }, tag);
      response.writeHead(201).end();
      return true;
    };
    await push('ours');
    expect(replaced).toBe(3);
    expect((await readNames()).sort()).toEqual(['ours', 'theirs']);
  });

  it('gives up when it is always replaced', async () => {
    failWrites(tag, 201);
    await failure(push('one'), 'CONFLICT');
  });

  it.each([
    ['the blobs', '/blobs/', 0],
    ['the manifest', '/manifests/sha256:', 0],
    ['the index', tag, 1],
  ])('leaves nothing that is half visible when the registry fails at %s', async (_name, part, manifests) => {
    failWrites(part);
    await failure(push('one'), 'STATUS');
    registry.intercept = () => false;
    expect(registry.manifests.size).toBe(manifests);
    expect(await readNames()).toEqual([]);
    await push('one');
    expect(await readNames()).toEqual(['one']);
  });
});

it('takes no subject the registry names for another one', async () => {
  registry.hasReferrers = true;
  registry.intercept = (request, response) => {
    if (request.method !== 'PUT' || !request.url?.includes('/manifests/sha256:')) return false;
    response.writeHead(201, { 'oci-subject': `sha256:${'6'.repeat(64)}` }).end();
    return true;
  };
  expect((await push('one')).listedBy).toBe('tag');
});

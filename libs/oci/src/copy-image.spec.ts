import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { readBundleReferrers } from './bundle-referrer.ts';
import { copyImage, type Arrival } from './copy-image.ts';
import { digestOf } from './digest.ts';
import { appendLegacyAttestation, readLegacyAttestations } from './legacy-attestation.ts';
import { appendLegacySignature, readLegacySignatures, signatureTag } from './legacy-signature.ts';
import { OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST, SIGSTORE_BUNDLE } from './media-types.ts';
import { pushBundleReferrer } from './push-bundle-referrer.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { referrersTag } from './referrers.ts';
import { RegistryClient } from './registry-client.ts';
import { storeBlob, storeBundleReferrer, storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const large = 'x'.repeat(3 * 1024 * 1024);
const createdAt = new Date('2026-02-03T04:05:06Z');

let source: MemoryRegistry;
let target: MemoryRegistry;
let from: ImageReference;
let to: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  source = await startMemoryRegistry();
  target = await startMemoryRegistry();
  from = parseImageReference(`${source.host}/app:v1`);
  to = parseImageReference(`${target.host}/mirror/app:v2`);
});
afterEach(async () => {
  await source.close();
  await target.close();
});

/** Each is what its name says, so the names are all there is to compare. */
const expectSameBlobs = () => {
  for (const [digest, bytes] of target.blobs) expect(digestOf(bytes)).toBe(digest);
  expect([...target.blobs.keys()].sort()).toEqual([...source.blobs.keys()].sort());
};
const storeImage = (name: string, ...tags: string[]) =>
  storeManifest(
    source,
    {
      config: storeBlob(source, `{"name":"${name}"}`, OCI_CONFIG),
      layers: [storeBlob(source, `layer of ${name}`, LAYER), storeBlob(source, large, LAYER)],
    },
    ...tags,
  );
const bundle = (name: string) =>
  encodeUtf8(JSON.stringify({ mediaType: SIGSTORE_BUNDLE, dsseEnvelope: { name } }));
const signature = (name: string) => ({ payload: encodeUtf8(name), annotations: { name } });
const pushBundle = (name: string, subject: { mediaType: string; digest: string; size: number }) =>
  pushBundleReferrer(client, from, subject, bundle(name), { createdAt });
/** Names of all that are at the destination, signatures of every kind. */
const signaturesOf = async (digest: string, at = to) => {
  const bundles = await readBundleReferrers(client, at, digest);
  const layers = await readLegacySignatures(client, at, digest);
  const attestations = await readLegacyAttestations(client, at, digest);
  return [
    ...bundles.map((one) => ('code' in one ? one.code : decodeUtf8(one.bundle).slice(-30))),
    ...layers.map(({ payload }) => decodeUtf8(payload)),
    ...attestations.map((one) => ('code' in one ? one.code : decodeUtf8(one.payload))),
  ];
};

describe('an image', () => {
  it('arrives with all its blobs, under its tag and its digest', async () => {
    const { digest } = storeImage('one', 'v1');
    const arrivals: Arrival[] = [];
    expect(await copyImage(client, from, to, { onArrival: (arrival) => arrivals.push(arrival) })).toEqual({
      digest,
      left: [],
    });
    expect(target.manifests.get('v2')).toEqual(source.manifests.get('v1'));
    expect(target.manifests.get(digest)).toEqual(source.manifests.get('v1'));
    expectSameBlobs();
    expect(target.uploads.size).toBe(0);
    expect(arrivals.map(({ size, by }) => `${size} ${by}`).sort()).toEqual(
      ['12 transfer', '14 transfer', `${large.length} transfer`, `${arrivals.at(-1)?.size} transfer`].sort(),
    );
  });

  it('arrives by its digest alone when no tag is wanted', async () => {
    const { digest } = storeImage('one', 'v1');
    await copyImage(client, from, parseImageReference(`${target.host}/app@${digest}`));
    expect([...target.manifests.keys()]).toEqual([digest]);
    const elsewhere = parseImageReference(`${target.host}/app@sha256:${'0'.repeat(64)}`);
    await failure(copyImage(client, from, elsewhere), 'REFUSED');
  });

  it('is sent once', async () => {
    storeImage('one', 'v1');
    await copyImage(client, from, to);
    target.seen.length = 0;
    await copyImage(client, from, to);
    expect(target.seen.filter(({ url, method }) => method !== 'HEAD' && url.includes('/blobs/'))).toEqual([]);
  });

  it('is taken over from the other repository of one registry', async () => {
    storeImage('one', 'v1');
    source.intercept = (request, response) => {
      // What is in the other repository only.
      if (request.method !== 'HEAD' || !request.url?.startsWith('/v2/copy/')) return false;
      response.writeHead(404).end();
      return true;
    };
    const arrivals: Arrival[] = [];
    const copy = parseImageReference(`${source.host}/copy:v1`);
    await copyImage(client, from, copy, { onArrival: (arrival) => arrivals.push(arrival) });
    expect(arrivals.filter(({ by }) => by === 'mount')).toHaveLength(3);
    expect(source.seen.some(({ url }) => url.includes('mount=sha256') && url.includes('from=app'))).toBe(
      true,
    );
    expect(source.seen.filter(({ method, url }) => method === 'GET' && url.includes('/blobs/'))).toEqual([]);
  });

  it('leaves layers behind that are not to be passed on', async () => {
    const foreign = { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', size: 5 };
    const layers = [{ ...foreign, digest: `sha256:${'1'.repeat(64)}`, urls: ['https://example.com/'] }];
    storeManifest(source, { config: storeBlob(source, '{}', OCI_CONFIG), layers }, 'v1');
    await copyImage(client, from, to);
    expect(target.blobs.size).toBe(1);
  });

  it('of several platforms arrives with all children, which come first', async () => {
    const [one, two] = [storeImage('one'), storeImage('two')];
    const index = storeManifest(source, { manifests: [one, two] }, 'v1');
    const order: string[] = [];
    await copyImage(client, from, to, { onArrival: ({ digest }) => order.push(digest) });
    expect([...target.manifests.keys()]).toEqual([one.digest, two.digest, index.digest, 'v2']);
    expect(order.filter((digest) => digest === digestOf(encodeUtf8(large)))).toHaveLength(1);
  });

  it.each<[string, (request: IncomingMessage) => string | undefined]>([
    ['a lying blob', ({ url }) => (url?.includes('/blobs/') ? 'y'.repeat(14) : undefined)],
    [
      'a large lying blob',
      ({ url }) => (url?.endsWith(digestOf(encodeUtf8(large))) ? 'y'.repeat(large.length) : undefined),
    ],
  ])('that has %s gets no tag, and nothing of that blob stays', async (_name, lie) => {
    storeImage('one', 'v1');
    source.intercept = (request, response) => {
      const body = request.method === 'GET' ? lie(request) : undefined;
      if (body === undefined) return false;
      response.writeHead(200).end(body);
      return true;
    };
    await failure(copyImage(client, from, to), 'DIGEST_MISMATCH');
    expect(target.manifests.size).toBe(0);
    expect(target.uploads.size).toBe(0);
    for (const [digest, bytes] of target.blobs) expect(digestOf(bytes)).toBe(digest);
  });

  it.each([
    ['longer', large + 'x', 'TOO_LARGE'],
    ['shorter', large.slice(1), 'DIGEST_MISMATCH'],
  ] as const)('whose large blob is %s than announced is refused', async (_name, text, code) => {
    storeImage('one', 'v1');
    source.blobs.set(digestOf(encodeUtf8(large)), encodeUtf8(text));
    await failure(copyImage(client, from, to), code);
    expect(target.uploads.size).toBe(0);
  });

  it('whose blob stops on the way is refused, and is complete the next time', async () => {
    storeImage('one', 'v1');
    source.intercept = (request, response) => {
      if (!request.url?.endsWith(digestOf(encodeUtf8(large)))) return false;
      response.writeHead(200).write('x'.repeat(100_000), () => response.destroy());
      return true;
    };
    const error = await failure(copyImage(client, from, to), 'UNREACHABLE');
    expect(error.message).toContain(source.host);
    source.intercept = () => false;
    await copyImage(client, from, to);
    expectSameBlobs();
  });

  it.each([401, 413, 500])(
    'that the destination refuses with %i in the middle gets no tag',
    async (status) => {
      storeImage('one', 'v1');
      target.intercept = (request, response) => {
        if (request.method !== 'PATCH') return false;
        response.writeHead(status).end('{"errors":[{"code":"SIZE","message":"no room"}]}');
        return true;
      };
      const error = await failure(copyImage(client, from, to), status === 401 ? 'UNAUTHORIZED' : 'STATUS');
      if (status !== 401) expect(error.message).toContain('SIZE no room');
      expect(target.manifests.size).toBe(0);
    },
  );
});

describe.each([
  [true, true],
  [true, false],
  [false, true],
  [false, false],
])('signatures, where the source lists referrers: %s, the destination: %s', (sourceLists, targetLists) => {
  beforeEach(() => {
    source.hasReferrers = sourceLists;
    target.hasReferrers = targetLists;
  });

  it('go along in every form, of the image and its children', async () => {
    const child = storeImage('child');
    const index = storeManifest(source, { manifests: [child] }, 'v1');
    for (const subject of [child, index]) {
      await pushBundle(`bundle-${subject.size}`, subject);
      await appendLegacySignature(client, from, subject.digest, signature(`sig ${subject.size}`));
      await appendLegacyAttestation(client, from, subject.digest, signature(`att ${subject.size}`), {
        predicateType: 'x',
      });
    }
    storeManifest(
      source,
      { config: storeBlob(source, '{}', OCI_CONFIG), layers: [storeBlob(source, 'sbom', 'text/spdx')] },
      `sha256-${index.digest.slice(7)}.sbom`,
    );
    expect((await copyImage(client, from, to, { signatures: true })).left).toEqual([]);
    for (const { digest } of [child, index]) {
      expect(await signaturesOf(digest)).toEqual(await signaturesOf(digest, from));
      expect(await signaturesOf(digest)).toHaveLength(3);
      expect(target.manifests.get(signatureTag(digest))).toEqual(source.manifests.get(signatureTag(digest)));
      expect(target.manifests.has(referrersTag(digest))).toBe(!targetLists);
    }
    expect(target.manifests.has(`sha256-${index.digest.slice(7)}.sbom`)).toBe(true);
    expect([...target.manifests.keys()].at(-1)).toBe('v2');
  });

  it('join those that are there, and are copied once', async () => {
    const image = storeImage('one', 'v1');
    await appendLegacySignature(client, from, image.digest, signature('theirs'));
    await pushBundle('theirs', image);
    await copyImage(client, from, to, { signatures: true });
    await appendLegacySignature(client, to, image.digest, signature('ours'));
    await pushBundleReferrer(client, to, image, bundle('ours'), { createdAt });
    await appendLegacySignature(client, from, image.digest, signature('later'));
    await copyImage(client, from, to, { signatures: true });
    await copyImage(client, from, to, { signatures: true });
    const found = await signaturesOf(image.digest);
    expect(found.slice(2)).toEqual(['theirs', 'ours', 'later']);
    expect(found).toHaveLength(5);
  });

  it('stay behind unless they are asked for', async () => {
    const image = storeImage('one', 'v1');
    await pushBundle('one', image);
    await copyImage(client, from, to);
    expect(await signaturesOf(image.digest)).toEqual([]);
  });
});

describe('companions', () => {
  it('that refer to companions go along', async () => {
    const image = storeImage('one', 'v1');
    const sbom = storeManifest(source, {
      artifactType: 'application/spdx+json',
      config: storeBlob(source, '{}', OCI_EMPTY),
      layers: [storeBlob(source, 'sbom', 'text/spdx')],
      subject: image,
    });
    storeManifest(source, { manifests: [sbom] }, referrersTag(image.digest));
    await pushBundle('of the sbom', sbom);
    await copyImage(client, from, to, { signatures: true });
    expect(await signaturesOf(sbom.digest)).toHaveLength(1);
  });

  it('that cannot be read are told, and the others go along', async () => {
    const image = storeImage('one', 'v1');
    const good = storeBundleReferrer(source, image.digest, 'good');
    const missing = { mediaType: OCI_MANIFEST, digest: `sha256:${'1'.repeat(64)}`, size: 5 };
    const foreign = storeBundleReferrer(source, `sha256:${'2'.repeat(64)}`, 'of another image');
    storeManifest(source, { manifests: [missing, { size: 1 }, foreign, good] }, referrersTag(image.digest));
    storeManifest(source, { manifests: [] }, signatureTag(image.digest));
    const { left } = await copyImage(client, from, to, { signatures: true });
    expect(left.map(({ code }) => code)).toEqual(['MALFORMED', 'NOT_FOUND', 'MALFORMED']);
    expect(await readBundleReferrers(client, to, image.digest)).toHaveLength(1);
    expect(target.manifests.has(foreign.digest)).toBe(false);
  });

  it('that refer to each other in a circle end', async () => {
    // Only a registry that lies about digests could have one; a list that names the image itself is what there can be.
    const image = storeImage('one', 'v1');
    storeManifest(source, { manifests: [image] }, referrersTag(image.digest));
    expect((await copyImage(client, from, to, { signatures: true })).left).toEqual([]);
  });

  it('that arrive before the tag: a destination that fails there has no tag', async () => {
    const image = storeImage('one', 'v1');
    await pushBundle('one', image);
    target.intercept = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.endsWith(referrersTag(image.digest))) return false;
      response.writeHead(500).end();
      return true;
    };
    await failure(copyImage(client, from, to, { signatures: true }), 'STATUS');
    expect(target.manifests.has('v2')).toBe(false);
  });
});

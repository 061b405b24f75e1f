import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { readBundleReferrers, type BundleReferrer } from './bundle-referrer.ts';
import { digestOf } from './digest.ts';
import type { OciError } from './errors.ts';
import { OCI_EMPTY, OCI_MANIFEST, SIGSTORE_BUNDLE } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { referrersTag } from './referrers.ts';
import { RegistryClient } from './registry-client.ts';
import { storeBlob, storeBundleReferrer, storeManifest } from './testonly/bundle-manifest.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const imageDigest = `sha256:${'5'.repeat(64)}`;
const other = `sha256:${'6'.repeat(64)}`;
const tag = referrersTag(imageDigest);

let registry: MemoryRegistry;
let image: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
});
afterEach(() => registry.close());

const read = (limits = {}) => readBundleReferrers(client, image, imageDigest, limits);
const store = (text: string, replaced: object = {}) =>
  storeBundleReferrer(registry, imageDigest, text, replaced);
/** The list as writers keep it; entries name only what every writer names. */
const tagged = (...manifests: unknown[]) => storeManifest(registry, { manifests }, tag);
const shown = (found: readonly (BundleReferrer | OciError)[]) =>
  found.map((one) => ('code' in one ? one.code : decodeUtf8(one.bundle)));

describe.each([
  ['with the referrers API', true],
  ['without it, from the index under the tag', false],
])('a registry %s', (_name, hasReferrers) => {
  beforeEach(() => {
    registry.hasReferrers = hasReferrers;
  });
  const list = (...entries: object[]) => void (hasReferrers || tagged(...entries));

  it('gives the bundles of an image with where they were found', async () => {
    const one = store('one', { annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope', broken: 1 } });
    const two = store('two');
    storeBundleReferrer(registry, other, 'of another image');
    list(one, two);
    expect(await read()).toEqual([
      {
        source: one.digest,
        bundle: encodeUtf8('one'),
        artifactType: SIGSTORE_BUNDLE,
        annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope' },
      },
      { source: two.digest, bundle: encodeUtf8('two'), artifactType: SIGSTORE_BUNDLE, annotations: {} },
    ]);
  });

  it('that lists nothing has none', async () => {
    expect(await read()).toEqual([]);
  });

  it('lists other kinds too, which are left out', async () => {
    const config = storeBlob(registry, '{}', OCI_EMPTY);
    list(
      store('sbom', {
        artifactType: 'application/spdx+json',
        layers: [storeBlob(registry, 's', 'text/spdx')],
      }),
      store('none', { artifactType: 'application/x', config, layers: [] }),
      storeManifest(registry, {
        manifests: [],
        subject: { mediaType: OCI_MANIFEST, digest: imageDigest, size: 1 },
      }),
      store('bundle'),
    );
    expect(shown(await read())).toEqual(['bundle']);
  });
});

describe('the list of a registry without the API', () => {
  it.each([
    [400, 'application/json', '{}'],
    [404, 'text/plain', '404 page not found'],
    [405, 'text/html', '<html>'],
    [406, 'application/json', '{}'],
    [501, 'text/plain', ''],
    [200, 'text/html', '<html>'],
    [200, 'application/json', '{"manifests":[]}'],
  ])('is the tag when it answers %i %s', async (status, contentType, body) => {
    registry.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      response.writeHead(status, { 'content-type': contentType }).end(body);
      return true;
    };
    tagged(store('one'));
    expect(shown(await read())).toEqual(['one']);
  });

  it.each([401, 403, 429, 500, 503])('is not looked for when it answers %i', async (status) => {
    registry.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      response.writeHead(status).end();
      return true;
    };
    tagged(store('one'));
    await failure(read(), status < 404 ? 'UNAUTHORIZED' : 'STATUS');
  });

  it('has entries that say nothing or other things of what they name', async () => {
    tagged(
      { ...store('silent') },
      { ...store('config type'), artifactType: OCI_EMPTY },
      { ...store('no artifact type', { artifactType: undefined }), annotations: null, artifactType: null },
    );
    expect(shown(await read())).toEqual(['silent', 'config type', 'no artifact type']);
  });

  it('is empty where the tag is but a name of the image itself', async () => {
    const pinned = storeManifest(registry, { config: {}, layers: [] });
    storeManifest(registry, { config: {}, layers: [] }, referrersTag(pinned.digest));
    expect(await readBundleReferrers(client, image, pinned.digest)).toEqual([]);
  });

  it('is told as an error where the tag holds something else', async () => {
    storeManifest(registry, { config: {}, layers: [] }, tag);
    expect(shown(await read())).toEqual(['MALFORMED']);
  });
});

describe('one referrer hides no other', () => {
  it.each<[string, string, () => object]>([
    ['that is missing', 'NOT_FOUND', () => ({ mediaType: OCI_MANIFEST, digest: other, size: 10 })],
    ['that is no descriptor', 'MALFORMED', () => ({ mediaType: OCI_MANIFEST, digest: '../x', size: 10 })],
    [
      'of another digest',
      'DIGEST_MISMATCH',
      () => {
        const { size } = store('x');
        registry.manifests.set(other, registry.manifests.get(store('x').digest) as never);
        return { mediaType: OCI_MANIFEST, digest: other, size };
      },
    ],
    ['larger than announced', 'TOO_LARGE', () => ({ ...store('x'), size: 10 })],
    ['smaller than announced', 'MALFORMED', () => ({ ...store('x'), size: 10_000 })],
    ['announced as huge', 'TOO_LARGE', () => ({ ...store('x'), size: 10 ** 9 })],
    ['of another image', 'MALFORMED', () => storeBundleReferrer(registry, other, 'x')],
    ['of no image', 'MALFORMED', () => store('x', { subject: undefined })],
    ['whose subject is no descriptor', 'MALFORMED', () => store('x', { subject: { digest: 'latest' } })],
    ['without a layer', 'MALFORMED', () => store('x', { layers: [] })],
    [
      'with two layers',
      'TOO_LARGE',
      () => {
        const layer = storeBlob(registry, 'x', SIGSTORE_BUNDLE);
        return store('x', { layers: [layer, layer] });
      },
    ],
    ['with layers that are no list', 'MALFORMED', () => store('x', { layers: {} })],
    [
      'with another layer',
      'MALFORMED',
      () => store('x', { layers: [storeBlob(registry, 'x', 'text/plain')] }),
    ],
    [
      'with a bundle of version 0.2',
      'MALFORMED',
      () => {
        const old = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
        return store('x', { layers: [storeBlob(registry, 'x', old)] });
      },
    ],
    [
      'with a bundle that is missing',
      'NOT_FOUND',
      () => store('x', { layers: [{ mediaType: SIGSTORE_BUNDLE, digest: other, size: 1 }] }),
    ],
    [
      'with a bundle of another digest',
      'DIGEST_MISMATCH',
      () => {
        registry.blobs.set(other, encodeUtf8('x'));
        return store('x', { layers: [{ mediaType: SIGSTORE_BUNDLE, digest: other, size: 1 }] });
      },
    ],
    [
      'with a bundle larger than announced',
      'TOO_LARGE',
      () => store('x', { layers: [{ ...storeBlob(registry, 'xyz', SIGSTORE_BUNDLE), size: 2 }] }),
    ],
    [
      'with a bundle announced as huge',
      'TOO_LARGE',
      () => store('x', { layers: [{ ...storeBlob(registry, 'xyz', SIGSTORE_BUNDLE), size: 10 ** 9 }] }),
    ],
  ])('%s', async (_name, code, make) => {
    tagged(make(), store('good'));
    expect(shown(await read())).toEqual([code, 'good']);
  });

  it('served as another kind of thing than it is', async () => {
    const lying = store('lying');
    registry.manifests.set(lying.digest, {
      mediaType: 'text/html',
      bytes: registry.manifests.get(lying.digest)?.bytes ?? new Uint8Array(),
    });
    tagged(lying, store('good'));
    expect(shown(await read())).toEqual(['MALFORMED', 'good']);
  });

  it('unless the registry itself fails', async () => {
    tagged(store('one'), store('two'));
    registry.intercept = (request, response) => {
      if (!request.url?.includes('/manifests/sha256:')) return false;
      response.writeHead(503).end();
      return true;
    };
    await failure(read(), 'STATUS');
  });

  it('takes a subject that is named by its digest alone', async () => {
    tagged(store('x', { subject: { digest: imageDigest } }));
    expect(shown(await read())).toEqual(['x']);
  });

  it('takes bundles of newer versions and of the older spelling', async () => {
    const spelled = (mediaType: string) =>
      store(mediaType, { layers: [storeBlob(registry, mediaType, mediaType)] });
    const types = [
      'application/vnd.dev.sigstore.bundle+json;version=0.3',
      'application/vnd.dev.sigstore.bundle.v0.4+json',
      'application/vnd.dev.sigstore.bundle.v1.0+json',
    ];
    tagged(...types.map(spelled));
    expect(shown(await read())).toEqual(types);
  });
});

describe('bounds', () => {
  it('are for the entries of the list, told at its end', async () => {
    tagged(store('one'), store('two'), store('three'));
    expect(shown(await read({ maxReferrers: 2 }))).toEqual(['one', 'two', 'TOO_LARGE']);
  });

  it('are for each bundle and for all of them', async () => {
    tagged(store('one'), store('three'), store('two'));
    expect(shown(await read({ maxBundleBytes: 3 }))).toEqual(['one', 'TOO_LARGE', 'two']);
    const manifests = [...registry.manifests.keys()].filter((name) => name.startsWith('sha256:')).length - 1;
    const { size } = store('one');
    const found = await read({ maxTotalBytes: manifests * (size + 4) });
    expect(shown(found)).toEqual(['one', 'three', 'two']);
    expect(shown(await read({ maxTotalBytes: 2 * size + 10 }))).toEqual(['one', 'three', 'TOO_LARGE']);
  });

  it('are not used up by what is listed as something else', async () => {
    const flood = Array.from({ length: 20 }, (_, at) =>
      store(`${at}`, { artifactType: 'application/x', layers: [], annotations: { at: `${at}` } }),
    );
    tagged(...flood, { ...store('bundle'), artifactType: SIGSTORE_BUNDLE });
    const [first] = await read({ maxReferrers: 30, maxTotalBytes: 1500 });
    expect(shown(first === undefined ? [] : [first])).toEqual(['bundle']);
  });

  it('count a bundle that is listed many times once', async () => {
    const one = store('one');
    tagged(one, one, one, store('two'), one);
    expect(shown(await read({ maxReferrers: 2 }))).toEqual(['one', 'two']);
  });
});

describe('a list in pages', () => {
  const pages = (next: (page: number) => string | undefined, entriesOf: (page: number) => object[]) => {
    registry.intercept = (request, response) => {
      const url = new URL(request.url ?? '', 'http://registry.invalid');
      if (!url.pathname.includes('/referrers/')) return false;
      const page = Number(url.searchParams.get('page'));
      const link = next(page);
      const { mediaType } = storeManifest(registry, { manifests: entriesOf(page) });
      response.writeHead(200, { 'content-type': mediaType, ...(link === undefined ? {} : { link }) });
      response.end(JSON.stringify({ schemaVersion: 2, mediaType, manifests: entriesOf(page) }));
      return true;
    };
  };
  const path = (page: number) => `</v2/app/referrers/${imageDigest}?page=${page}>; rel="next"`;

  it('is read to its end', async () => {
    const stored = ['one', 'two', 'three'].map((text) => store(text));
    pages(
      (page) => (page < 2 ? path(page + 1) : undefined),
      (page) => stored.slice(page, page + 1),
    );
    expect(shown(await read())).toEqual(['one', 'two', 'three']);
  });

  it('without end is cut at the bound of pages', async () => {
    const stored = store('one');
    pages(
      (page) => path(page + 1),
      () => [stored],
    );
    expect(shown(await read({ maxPages: 5 }))).toEqual(['one', 'TOO_LARGE']);
    expect(registry.seen.filter(({ url }) => url.includes('/referrers/'))).toHaveLength(5);
  });

  it('is cut at the bound of entries', async () => {
    const stored = Array.from({ length: 6 }, (_, at) => store(`${at}`));
    pages(
      (page) => path(page + 1),
      (page) => stored.slice(page * 2, page * 2 + 2),
    );
    expect(shown(await read({ maxReferrers: 3 }))).toEqual(['0', '1', '2', 'TOO_LARGE']);
  });

  it.each([
    ['<https://evil.example/v2/x>; rel="next"', 'REFUSED'],
    ['<http://[/>; rel=next', 'MALFORMED'],
  ])('is not followed to %s', async (link, code) => {
    pages(
      () => link,
      () => [],
    );
    await failure(read(), code as 'REFUSED');
  });

  it.each(['</x>; rel="prev"', 'nonsense', '<', ''])('ends at a Link of %j', async (link) => {
    const stored = store('one');
    pages(
      () => link,
      () => [stored],
    );
    expect(shown(await read())).toEqual(['one']);
  });

  it('that is no index is refused', async () => {
    registry.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      response
        .writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json; charset=utf-8' })
        .end('{}');
      return true;
    };
    await failure(read(), 'MALFORMED');
  });
});

it('never dials for a digest that is none', async () => {
  await failure(readBundleReferrers(client, image, 'sha256:../x'), 'REFERENCE');
  expect(registry.seen).toEqual([]);
  expect(digestOf(encodeUtf8('{}'))).toBe(
    'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  );
});

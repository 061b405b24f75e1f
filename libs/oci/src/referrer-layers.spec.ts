import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import { DSSE_ENVELOPE, OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST, SIMPLE_SIGNING } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { readReferrerAttestations, readReferrerSignatures } from './referrer-layers.ts';
import { referrersTag } from './referrers.ts';
import { RegistryClient } from './registry-client.ts';
import { storeBlob, storeBundleReferrer, storeManifest } from './testonly/bundle-manifest.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';

const imageDigest = `sha256:${'5'.repeat(64)}`;
const SIGNATURES = 'application/vnd.dev.cosign.artifact.sig.v1+json';

let registry: MemoryRegistry;
let image: ImageReference;
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });

beforeEach(async () => {
  registry = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/app`);
});
afterEach(() => registry.close());

const layer = (text: string, more: object = {}) => ({
  ...storeBlob(registry, text, SIMPLE_SIGNING),
  annotations: { 'dev.cosignproject.cosign/signature': text },
  ...more,
});
/** A manifest as cosign's experimental mode writes it. */
const store = (layers: object[], more: object = {}) =>
  storeManifest(registry, {
    artifactType: SIGNATURES,
    config: storeBlob(registry, '{}', SIGNATURES),
    layers,
    subject: { mediaType: OCI_MANIFEST, digest: imageDigest, size: 1 },
    ...more,
  });
const list = (...manifests: object[]) => storeManifest(registry, { manifests }, referrersTag(imageDigest));
const read = async () =>
  (await readReferrerSignatures(client, image, imageDigest)).map((one) =>
    'code' in one ? one.code : decodeUtf8(one.payload),
  );

describe('readReferrerSignatures', () => {
  it('reads the layers of every manifest of that kind', async () => {
    const noType = { artifactType: undefined };
    list(
      store([layer('one'), layer('two')]),
      store([layer('three')], noType),
      storeBundleReferrer(registry, imageDigest, 'x'),
    );
    expect(await read()).toEqual(['one', 'two', 'three']);
    expect((await readReferrerSignatures(client, image, imageDigest))[0]).toEqual({
      payload: encodeUtf8('one'),
      annotations: { 'dev.cosignproject.cosign/signature': 'one' },
    });
  });

  it('takes none of another image or another kind', async () => {
    list(
      store([layer('other')], { subject: { digest: `sha256:${'6'.repeat(64)}` } }),
      store([layer('none')], { subject: undefined }),
      store([layer('kind')], {
        artifactType: 'application/x',
        config: storeBlob(registry, '{}', OCI_CONFIG),
      }),
    );
    expect(await read()).toEqual([]);
  });

  it('tells what cannot be read and reads the others', async () => {
    const missing = { mediaType: OCI_MANIFEST, digest: `sha256:${'1'.repeat(64)}`, size: 5 };
    list(missing, store([layer('x', { size: 9 }), layer('good')]), store([layer('huge', { size: 10 ** 9 })]));
    expect((await read()).sort()).toEqual(['MALFORMED', 'NOT_FOUND', 'TOO_LARGE', 'good']);
  });
});

it('readReferrerAttestations reads envelopes in the same form', async () => {
  const envelope = storeBlob(registry, '{"payload":""}', DSSE_ENVELOPE);
  const artifactType = 'application/vnd.in-toto+json';
  list(
    store([envelope, layer('no envelope')], { artifactType, config: storeBlob(registry, '{}', OCI_EMPTY) }),
  );
  expect(await readReferrerAttestations(client, image, imageDigest)).toEqual([
    { payload: encodeUtf8('{"payload":""}'), annotations: {} },
  ]);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeUtf8, encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacyAttestation,
  appendLegacySignature,
  copyImage,
  digestOf,
  listReferrers,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  parseImageReference,
  pushBundleReferrer,
  readBundleReferrers,
  readIndexChildren,
  readLegacyAttestations,
  readLegacySignatures,
  referrersTag,
  RegistryClient,
  removeSignatures,
  SIGSTORE_BUNDLE,
  type ImageReference,
} from '@sigstead/oci';
import { hasDistribution, startDistribution } from './testonly/distribution-registry.ts';
import { startRegistry } from './testonly/running-registry.ts';

const createdAt = new Date('2026-02-03T04:05:06Z');
const client = new RegistryClient({ fetch, timeoutMs: 20_000 });
const bundle = (name: string) =>
  encodeUtf8(JSON.stringify({ mediaType: SIGSTORE_BUNDLE, dsseEnvelope: { name } }));
const layer = (name: string) => ({ payload: encodeUtf8(name), annotations: { name } });
const names = Array.from({ length: 20 }, (_, at) => `${at}`.padStart(2, '0'));

const push = async (image: ImageReference, content: string, tag?: string) => {
  const describeBlob = async (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: await client.pushBlob(image, bytes),
    size: bytes.length,
  });
  const config = await describeBlob(
    OCI_CONFIG,
    encodeUtf8(`{"os":"linux","architecture":"amd64","config":{}}`),
  );
  const layers = [await describeBlob('application/vnd.oci.image.layer.v1.tar', encodeUtf8(content))];
  const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }));
  const digest = await client.pushManifest(image, tag ?? digestOf(bytes), OCI_MANIFEST, bytes);
  return { mediaType: OCI_MANIFEST, digest, size: bytes.length };
};
const bundleNames = async (image: ImageReference, digest: string) => {
  const found = await readBundleReferrers(client, image, digest);
  return found
    .map((one) => ('code' in one ? one.code : (/"name":"([^"]*)"/.exec(decodeUtf8(one.bundle))?.[1] ?? '')))
    .sort();
};
const layerNames = async (image: ImageReference, digest: string) => [
  ...(await readLegacySignatures(client, image, digest)).map(({ payload }) => decodeUtf8(payload)).sort(),
  ...(await readLegacyAttestations(client, image, digest)).map((one) =>
    'code' in one ? one.code : decodeUtf8(one.payload),
  ),
];

/** Our client against registries that were not made for its tests: with a list of referrers of their own, and without. */
describe.each([
  ['the development registry', true, true, startRegistry],
  ['Distribution 2.8 (skipped unless docker-registry is there)', false, hasDistribution(), startDistribution],
] as const)('%s', (_name, listsReferrers, isThere, start) => {
  const test = isThere ? it : it.skip;
  let registry: Awaited<ReturnType<typeof start>>;
  let elsewhere: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    if (!isThere) return;
    registry = await start();
    elsewhere = await startRegistry();
  });
  afterAll(async () => {
    if (!isThere) return;
    await registry.remove();
    await elsewhere.remove();
  });
  const at = (name: string) => parseImageReference(`${registry.host}/${name}:v1`);

  test('stores bundles of 20 signers at once, and lists all of them', async () => {
    const image = at('bundles');
    const subject = await push(image, 'content', 'v1');
    const stored = await Promise.all(
      names.map((name) =>
        pushBundleReferrer(client, image, subject, bundle(name), { predicateType: 'https://p', createdAt }),
      ),
    );
    expect(new Set(stored.map(({ listedBy }) => listedBy))).toEqual(
      new Set([listsReferrers ? 'api' : 'tag']),
    );
    expect(await bundleNames(image, subject.digest)).toEqual(names);
    const { source, entries } = await listReferrers(client, image, subject.digest);
    expect(source).toBe(listsReferrers ? 'api' : 'tag');
    expect(entries).toHaveLength(20);
    const index = await client.findManifest(image, referrersTag(subject.digest));
    expect(index?.mediaType).toBe(listsReferrers ? undefined : OCI_INDEX);
  });

  test('stores signatures and attestations of 20 signers at once under their tags', async () => {
    const image = at('tags');
    const { digest } = await push(image, 'content', 'v1');
    await Promise.all(names.map((name) => appendLegacySignature(client, image, digest, layer(name))));
    await appendLegacyAttestation(client, image, digest, layer('attestation'), {
      predicateType: 'https://p',
    });
    expect(await layerNames(image, digest)).toEqual([...names, 'attestation']);
  });

  test('gives an image of several platforms away with all its signatures, and takes it back', async () => {
    const image = at('several');
    const children = await Promise.all(
      ['one', 'x'.repeat(3 * 1024 * 1024)].map((content) => push(image, content)),
    );
    const manifests = children.map((child, number) => ({
      ...child,
      platform: { os: 'linux', architecture: ['amd64', 'arm64'][number] },
    }));
    const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
    const digest = await client.pushManifest(image, 'v1', OCI_INDEX, bytes);
    for (const subject of [...children, { mediaType: OCI_INDEX, digest, size: bytes.length }]) {
      await pushBundleReferrer(client, image, subject, bundle(subject.digest), { createdAt });
      await appendLegacySignature(client, image, subject.digest, layer(`signature of ${subject.digest}`));
      await appendLegacyAttestation(client, image, subject.digest, layer('attestation'), {
        predicateType: 'p',
      });
    }
    const away = parseImageReference(`${elsewhere.host}/mirror/several:v2`);
    const back = at('back');
    for (const [from, to] of [
      [image, away],
      [away, back],
      [image, at('mounted')],
    ] as const) {
      expect(await copyImage(client, from, to, { signatures: true })).toEqual({ digest, left: [] });
      expect((await client.resolve(to)).digest).toBe(digest);
      expect((await readIndexChildren(client, to, digest)).map(({ platform }) => platform)).toEqual([
        'linux/amd64',
        'linux/arm64',
      ]);
      for (const one of [digest, ...children.map((child) => child.digest)]) {
        expect(await bundleNames(to, one)).toEqual([one]);
        expect(await layerNames(to, one)).toEqual([`signature of ${one}`, 'attestation']);
      }
    }
    expect(await client.listTags(away)).toContain('v2');
  });

  test('takes blobs over from another repository', async () => {
    await push(at('base'), 'shared', 'v1');
    const arrivals: string[] = [];
    await copyImage(client, at('base'), at('derived'), { onArrival: ({ by }) => arrivals.push(by) });
    expect(arrivals).toEqual(['mount', 'mount', 'transfer']);
  });

  test('loses the signatures of an image, and nothing else', async () => {
    const image = at('cleaned');
    const subject = await push(image, 'content', 'v1');
    await pushBundleReferrer(client, image, subject, bundle('one'), { createdAt });
    await appendLegacySignature(client, image, subject.digest, layer('one'));
    expect((await removeSignatures(client, image, subject.digest)).removed).toHaveLength(2);
    expect(await bundleNames(image, subject.digest)).toEqual([]);
    expect(await layerNames(image, subject.digest)).toEqual([]);
    expect((await client.resolve(image)).digest).toBe(subject.digest);
    expect(await client.listTags(image)).toEqual(['v1']);
  });
});

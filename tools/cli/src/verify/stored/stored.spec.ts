import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import {
  appendLegacyAttestation,
  appendLegacySignature,
  digestOf,
  OCI_INDEX,
  OCI_MANIFEST,
  parseImageReference,
  pushBundleReferrer,
  RegistryClient,
  type ImageReference,
} from '@sigstead/oci';
import { startMemoryRegistry, type MemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { runCommand } from '../../testonly/run-command.ts';
import { CONFORMANCE, hasVectors } from '../../testonly/vectors.ts';
import { renderTree } from './tree.ts';

const EMPTY = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));
const PAYLOAD = encodeUtf8('what was signed');
const ENVELOPE = encodeUtf8(
  JSON.stringify({ payloadType: 'x', payload: 'eA==', signatures: [{ sig: 'eA==' }] }),
);

let registry: MemoryRegistry;
let client: RegistryClient;
let image: ImageReference;
let digest: string;

beforeAll(async () => {
  registry = await startMemoryRegistry();
  registry.hasReferrers = true;
  client = new RegistryClient({ fetch, timeoutMs: 10_000 });
  image = parseImageReference(`${registry.host}/app:v1`);
  digest = await client.pushManifest(image, 'v1', OCI_MANIFEST, EMPTY);
});

afterAll(() => registry.close());

const sigstead = (...args: string[]) => runCommand([...args]);

describe('an image with nothing beside it', () => {
  it('has an empty tree, nothing to download, and places where it would be', async () => {
    const tree = await sigstead('tree', image.toString());
    expect([tree.code, tree.stdout]).toEqual([
      0,
      expect.stringContaining('No Supply Chain Security Related'),
    ]);
    for (const what of ['signature', 'attestation', 'bundle', 'sbom'])
      expect((await sigstead('download', what, image.toString())).code).toBe(10);
    const hex = digest.slice('sha256:'.length);
    for (const [type, place] of [
      ['signature', `:sha256-${hex}.sig`],
      ['attestation', `:sha256-${hex}.att`],
      ['sbom', `:sha256-${hex}.sbom`],
      ['digest', `@${digest}`],
    ] as const) {
      const { stdout } = await sigstead('triangulate', image.toString(), '--type', type);
      expect(stdout).toBe(`${image.name}${place}\n`);
    }
    expect((await sigstead('triangulate', image.toString(), '--type', 'other')).code).toBe(2);
  });

  it('is not there under another tag', async () => {
    for (const args of [['tree'], ['download', 'signature'], ['triangulate']])
      expect((await sigstead(...args, `${image.name}:none`)).code).toBe(11);
  });
});

describe('an image whose signatures are kept in another repository', () => {
  const text = encodeUtf8('what was signed elsewhere');
  let kept: ImageReference;
  let whole: ImageReference;
  let wholeDigest: string;
  let elsewhere: Record<string, string>;
  let [keeper, mirror]: MemoryRegistry[] = [];
  beforeAll(async () => {
    [keeper, mirror] = [await startMemoryRegistry(), await startMemoryRegistry()];
    kept = parseImageReference(`${keeper.host}/all/signatures`);
    elsewhere = { COSIGN_REPOSITORY: kept.name };
    const annotations = {
      'dev.cosignproject.cosign/signature': 'c2ln',
      'dev.sigstore.cosign/bundle': '{"a":1}',
    };
    const config = {
      mediaType: 'application/json',
      digest: await client.pushBlob(image, text),
      size: text.length,
    };
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
    whole = parseImageReference(`${registry.host}/app:whole`);
    wholeDigest = await client.pushManifest(
      whole,
      'whole',
      OCI_MANIFEST,
      encodeUtf8(JSON.stringify(manifest)),
    );
    await appendLegacySignature(client, kept, wholeDigest, { payload: text, annotations });
  });

  afterAll(() => Promise.all([keeper?.close(), mirror?.close()]));

  it('has them in its tree, to download, and where they lie', async () => {
    const tag = `${kept.name}:${wholeDigest.replace(':', '-')}.sig`;
    for (const [args, words] of [
      [['tree'], tag],
      [['download', 'signature'], 'c2ln'],
      [['triangulate'], `${tag}\n`],
      [['triangulate', '--type', 'digest'], `${whole.name}@${wholeDigest}\n`],
    ] as const) {
      const found = await runCommand([...args, whole.toString()], elsewhere);
      expect([found.code, found.stdout]).toEqual([0, expect.stringContaining(words)]);
    }
    expect((await sigstead('download', 'signature', whole.toString())).code).toBe(10);
  });

  it('takes them along to a copy, beside which they are then', async () => {
    const copy = `${mirror?.host}/app:v1`;
    expect((await runCommand(['copy', whole.toString(), copy], elsewhere)).code).toBe(0);
    expect((await sigstead('download', 'signature', copy)).stdout).toContain('c2ln');
  });

  it('is cleaned of them there', async () => {
    const cleaned = await runCommand(['clean', '--force', whole.toString()], elsewhere);
    expect([cleaned.code, cleaned.stdout]).toEqual([0, expect.stringContaining(`removed  ${kept.name}:`)]);
    expect((await runCommand(['download', 'signature', whole.toString()], elsewhere)).code).toBe(10);
  });
});

describe('an image with something of everything', () => {
  beforeAll(async () => {
    await appendLegacySignature(client, image, digest, {
      payload: PAYLOAD,
      annotations: { 'dev.cosignproject.cosign/signature': 'c2ln', 'dev.sigstore.cosign/bundle': '{"a":1}' },
    });
    const place = { predicateType: 'https://example.com/type' };
    await appendLegacyAttestation(client, image, digest, { payload: ENVELOPE, annotations: {} }, place);
    const sbom = encodeUtf8('{"sbom":true}');
    const layer = {
      mediaType: 'text/spdx',
      digest: await client.pushBlob(image, sbom),
      size: sbom.length,
    };
    const manifest = encodeUtf8(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [layer] }),
    );
    await client.pushManifest(image, `${digest.replace(':', '-')}.sbom`, OCI_MANIFEST, manifest);
  });

  it('shows it as a tree', async () => {
    const { code, stdout } = await sigstead('tree', image.toString());
    expect(code).toBe(0);
    expect(stdout).toContain(
      `└── 🔐 Signatures for an image tag: ${image.name}:${digest.replace(':', '-')}.sig`,
    );
    expect(stdout).toContain(`   └── 🍒 ${digestOf(PAYLOAD)}`);
    expect(stdout).toContain('└── 💾 Attestations for an image tag: ');
    expect(stdout).toContain('└── 📦 SBOMs for an image tag: ');
  });

  it('hands out the older form as cosign does', async () => {
    const signatures = await sigstead('download', 'signature', image.toString());
    expect(JSON.parse(signatures.stdout)).toEqual({
      Base64Signature: 'c2ln',
      Payload: Buffer.from(PAYLOAD).toString('base64'),
      Cert: null,
      Chain: null,
      Bundle: { a: 1 },
      RFC3161Timestamp: null,
    });
    const attestations = await sigstead('download', 'attestation', image.toString());
    expect(attestations.stdout).toBe(`${Buffer.from(ENVELOPE).toString()}\n`);
    const sbom = await sigstead('download', 'sbom', image.toString());
    expect([sbom.stdout, sbom.stderr]).toEqual([
      '{"sbom":true}',
      expect.stringContaining('Found SBOM of media type: text/spdx'),
    ]);
  });

  (hasVectors ? it : it.skip)('hands out bundles, by what they say they are', async () => {
    const read = (name: string) => readFileSync(join(CONFORMANCE, name, 'bundle.sigstore.json'));
    const subject = { digest, mediaType: OCI_MANIFEST, size: EMPTY.length };
    const signature = read('rekor2-happy-path');
    const statement = read('happy-path-intoto-in-dsse-v3');
    for (const bundle of [signature, statement])
      await pushBundleReferrer(client, image, subject, bundle, { createdAt: new Date(0) });
    const line = (bytes: Uint8Array) => JSON.stringify(JSON.parse(Buffer.from(bytes).toString()));
    const lines = async (...args: string[]) =>
      (await sigstead('download', ...args, image.toString())).stdout.trimEnd().split('\n').sort();
    expect(await lines('bundle')).toEqual([line(signature), line(statement)].sort());
    expect(await lines('signature')).toEqual([line(signature)]);
    expect(await lines('attestation', '--predicate-type', 'slsaprovenance1')).toEqual([line(statement)]);
    expect(await lines('attestation')).toContain(Buffer.from(ENVELOPE).toString());
  });

  it('shows what lies beside the images of an index, and reads that of one platform', async () => {
    const platform = { os: 'linux', architecture: 'arm64' };
    const child = { mediaType: OCI_MANIFEST, digest, size: EMPTY.length, platform };
    const index = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] }));
    await client.pushManifest(image, 'index', OCI_INDEX, index);
    const tree = await sigstead('tree', `${image.name}:index`);
    expect(tree.stdout).toContain(`${image.name}@${digest} (linux/arm64)`);
    const args = ['download', 'sbom', `${image.name}:index`];
    expect((await sigstead(...args)).code).toBe(10);
    expect((await sigstead(...args, '--platform', 'linux/arm64')).stdout).toBe('{"sbom":true}');
    expect((await sigstead(...args, '--platform', 'linux/amd64')).code).toBe(1);
  });
});

it('says what others say without moving the cursor', () => {
  expect(renderTree('app', [{ title: '🔗 evil\u001b[2J', layers: [] }])).toContain('evil\\u{1b}[2J');
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DEVELOPMENT_IDENTITY,
  LocalStack,
  pushImage,
  run,
  start,
  type Finished,
  type RekorVersion,
} from '@sigstead/instance';
import { parseTrustedRoot } from '@sigstead/trust';
import { startFaultyProxy, type FaultyProxy } from './harness/faulty-proxy.ts';
import { Judge } from './harness/signatures.ts';

const CLI = [process.execPath, 'tools/cli/bin/sigstead.js'] as const;
const NOBODY = 'http://127.0.0.1:1';

let directory: string;
let stack: LocalStack;
let judge: Judge;
let token: string;
let count = 0;
/** A file of its own for each test. */
let file: string;
let digest: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-sign-'));
  stack = await LocalStack.start(join(directory, 'stack'));
  judge = new Judge(parseTrustedRoot(await readFile(stack.trustedRoot)));
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  token = await stack.identityToken();
  file = join(directory, `file-${++count}`);
  const content = `content ${count}`;
  await writeFile(file, content);
  digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
});

const sigstead = (args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> =>
  run([...CLI, ...args], {
    SIGSTEAD_HOME: join(directory, 'stack'),
    SIGSTORE_ID_TOKEN: token,
    ...environment,
  });
const somebody = () => ({ identity: DEVELOPMENT_IDENTITY, issuer: stack.issuer });
const someImage = (name = `app/${count}`) => pushImage(stack.url, name, 'v1', name);
const write = async (name: string, value: unknown): Promise<string> => {
  const path = join(directory, `${count}-${name}`);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};
const expectOk = ({ code, stderr }: Finished): void => expect([code, stderr]).toEqual([0, '']);

describe('sign', () => {
  it.each<[string[], object]>([
    [[], { sig: 1, att: 0, bundles: 1, verified: 2 }],
    [['--form', 'legacy'], { sig: 1, att: 0, bundles: 0, verified: 1 }],
    [['--new-bundle-format=false'], { sig: 1, att: 0, bundles: 0, verified: 1 }],
    [['--new-bundle-format=true', '--yes'], { sig: 0, att: 0, bundles: 1, verified: 1 }],
    [['--rekor-version', '2'], { sig: 0, att: 0, bundles: 1, verified: 1 }],
  ])('with %j stores what verifies', async (args, expected) => {
    const { reference, digest: imageDigest } = await someImage();
    expectOk(await sigstead(['sign', reference, '-a', 'built=here', '--annotations', 'by=me', ...args]));
    expect(await judge.beside(reference, imageDigest, somebody())).toEqual(expected);
  });

  it('signs by single URLs, and by the variables of sigstead env', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const urls = ['--fulcio-url', stack.url, '--rekor-url', stack.url, '--trusted-root', stack.trustedRoot];
    expectOk(
      await sigstead(['sign', reference, ...urls, '--use-signing-config=false'], { SIGSTEAD_HOME: '' }),
    );
    const variables = {
      SIGSTEAD_HOME: '',
      SIGSTEAD_SIGNING_CONFIG: stack.signingConfig('rekor-v1'),
      SIGSTEAD_TRUSTED_ROOT: stack.trustedRoot,
    };
    expectOk(await sigstead(['sign', reference, '--rekor-version', '2'], variables));
    expect(await judge.beside(reference, imageDigest, somebody())).toMatchObject({
      sig: 1,
      bundles: 2,
      verified: 3,
    });
  });

  it('has a signer service sign where it is told to, one and many', async () => {
    const [one, two] = [await someImage('service/one'), await someImage('service/two')];
    const bundles = join(directory, 'service-bundles');
    const args = ['sign', one.reference, two.reference, '--signer', stack.url, '--output', 'json'];
    const signed = await sigstead([...args, '--bundle', bundles]);
    expectOk(signed);
    const lines = signed.stdout.trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { digest: one.digest },
      { digest: two.digest },
    ]);
    for (const { reference, digest: imageDigest } of [one, two]) {
      expect((await judge.beside(reference, imageDigest, somebody())).verified).toBeGreaterThan(0);
      const written = join(bundles, `${imageDigest.replace(':', '-')}.sigstore.json`);
      expect(await judge.verifies(written, imageDigest, somebody())).toBe(true);
    }
    const missing = two.reference.replace(':v1', ':v9');
    const some = await sigstead(['sign', one.reference, missing, '--signer', stack.url]);
    expect([some.code, some.stdout]).toEqual([1, expect.stringContaining(one.digest)]);
    expect(some.stderr).toMatch(/^Error: signing .*:v9: step resolve: .*\nError: 1 of 2 are not signed\n$/);
  });

  it('writes the bundle that cosign writes, and pushes nothing unless it is to', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const bundle = `${file}.bundle`;
    expectOk(await sigstead(['sign', reference, '--upload=false', '--bundle', bundle]));
    expect(await judge.verifies(bundle, imageDigest, somebody())).toBe(true);
    expect(await judge.beside(reference, imageDigest, somebody())).toMatchObject({ sig: 0, bundles: 0 });
    expect((await sigstead(['sign', reference, '--upload=false'])).code).toBe(2);
  });

  it('signs an index with all below it', async () => {
    const children = await Promise.all(['a', 'b'].map((name) => pushImage(stack.url, 'app/index', name)));
    const index = await pushIndex(
      'app/index',
      children.map((child) => child.digest),
    );
    const signed = await sigstead(['sign', '--recursive', index.reference]);
    expectOk(signed);
    expect(signed.stdout).toContain('2 more manifests');
    for (const one of [index, ...children]) {
      const beside = await judge.beside(index.reference, one.digest, somebody());
      expect(beside).toMatchObject({ sig: 1, bundles: 1, verified: 2 });
    }
  });

  it('signs several with one token and one certificate, and tells what became of each', async () => {
    const names = ['many/a', 'many/b', 'many/c'];
    const images = await Promise.all(names.map((name) => pushImage(stack.url, name, 'v1', name)));
    const [a, b, c] = images.map(({ reference }) => reference) as [string, string, string];
    const missing = b.replace(':v1', ':v9');
    const before = await certificates();
    const { code, stdout, stderr } = await sigstead(['sign', a, missing, c, '--output', 'json']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([1, 'Error: 1 of 3 are not signed']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      { digest: images[0]?.digest },
      { artifact: missing, error: { step: 'resolve' } },
      { digest: images[2]?.digest },
    ]);
    expect((await certificates()) - before).toBe(1);
  });

  it('signs with a key pair', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const environment = { SIGSTEAD_PASSWORD: 'secret' };
    const prefix = join(directory, 'pair');
    await sigstead(['generate-key-pair', '--output-key-prefix', prefix], environment);
    const key = await readFile(`${prefix}.pub`, 'utf8');
    const before = await certificates();
    for (const version of ['1', '2']) {
      const args = ['--key', `${prefix}.key`, '--rekor-version', version];
      expectOk(await sigstead(['sign', reference, ...args], environment));
      expectOk(await sigstead(['sign-blob', file, ...args], environment));
      expect(await judge.verifies(`${file}.sigstore.json`, digest, { key })).toBe(true);
    }
    expect(await judge.beside(reference, imageDigest, { key })).toMatchObject({
      sig: 1,
      bundles: 2,
      verified: 3,
    });
    expect(await certificates()).toBe(before);
    const wrong = await sigstead(['sign', reference, '--key', `${prefix}.key`], { SIGSTEAD_PASSWORD: 'no' });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^Error: --key .*password/)]);
    const both = ['--key', `${prefix}.key`, '--identity-token', token];
    expect((await sigstead(['sign', reference, ...both], environment)).code).toBe(2);
  });
});

describe('sign-blob', () => {
  it.each<RekorVersion>(['rekor-v1', 'rekor-v2'])('writes a bundle that verifies on %s', async (log) => {
    const args = ['--signing-config', stack.signingConfig(log), '--trusted-root', stack.trustedRoot];
    expectOk(await sigstead(['sign-blob', file, ...args], { SIGSTEAD_HOME: '' }));
    expect(await judge.verifies(`${file}.sigstore.json`, digest, somebody())).toBe(true);
    expect(await judge.verifies(`${file}.sigstore.json`, `sha256:${'0'.repeat(64)}`, somebody())).toBe(false);
  });

  it('writes what older verifiers want', async () => {
    const [signature, certificate, timestamp] = ['sig', 'crt', 'tsr'].map((end) => `${file}.${end}`) as [
      string,
      string,
      string,
    ];
    const outputs = ['--output-signature', signature, '--output-certificate', certificate];
    expectOk(await sigstead(['sign-blob', file, ...outputs, '--rfc3161-timestamp', timestamp]));
    expect(Buffer.from(await readFile(certificate, 'utf8'), 'base64').toString()).toContain(
      'BEGIN CERTIFICATE',
    );
    expect(Buffer.from(await readFile(signature, 'utf8'), 'base64')[0]).toBe(0x30);
    expect(JSON.parse(await readFile(timestamp, 'utf8'))).toHaveProperty('SignedRFC3161Timestamp');
    expectOk(await sigstead(['sign-blob', file, ...outputs, '--b64=false']));
    expect((await readFile(signature))[0]).toBe(0x30);
    expect(await readFile(certificate, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE/);
  });

  it('signs 200 digests with one certificate', async () => {
    const digests = Array.from({ length: 200 }, (_, at) => `sha256:${String(at).padStart(64, '0')}`);
    const bundles = join(directory, 'digests');
    const before = await certificates();
    const startedAt = performance.now();
    const { code } = await sigstead(['sign-blob', ...digests, '--bundle', bundles]);
    process.stdout.write(`200 digests in ${Math.round(performance.now() - startedAt)} ms\n`);
    expect([code, (await certificates()) - before]).toEqual([0, 1]);
    expect(await readdir(bundles)).toHaveLength(200);
    for (const one of digests.slice(0, 10)) {
      const path = join(bundles, `${one.replace(':', '-')}.sigstore.json`);
      expect(await judge.verifies(path, one, somebody())).toBe(true);
    }
  }, 120_000);

  it('signs what it can', async () => {
    const { code, stderr } = await sigstead(['sign-blob', `${file}.none`, file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be read (ENOENT)')]);
    expect(await judge.verifies(`${file}.sigstore.json`, digest, somebody())).toBe(true);
  });
});

describe('attest and attest-blob', () => {
  const PREDICATES: readonly [string, unknown][] = [
    [
      'slsaprovenance1',
      {
        buildDefinition: { buildType: 'https://sigstead.test/build', externalParameters: {} },
        runDetails: { builder: { id: 'https://sigstead.test/builder' } },
      },
    ],
    [
      'slsaprovenance02',
      { builder: { id: 'https://sigstead.test' }, buildType: 'https://sigstead.test/build' },
    ],
    ['spdx', 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n'],
    ['spdxjson', { spdxVersion: 'SPDX-2.3', name: 'x' }],
    ['cyclonedx', { bomFormat: 'CycloneDX', specVersion: '1.6' }],
    [
      'vuln',
      {
        scanner: { uri: 'https://sigstead.test/scanner', result: {} },
        metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:01:00Z' },
      },
    ],
    [
      'openvex',
      {
        '@context': 'https://openvex.dev/ns/v0.2.0',
        '@id': 'https://sigstead.test/vex',
        author: 'sigstead',
        timestamp: '2026-01-01T00:00:00Z',
        version: 1,
        statements: [{ vulnerability: { name: 'CVE-2026-0001' }, status: 'fixed' }],
      },
    ],
    ['custom', 'anything at all'],
    ['https://sigstead.test/type/v1', { a: 1 }],
  ];

  it.each(PREDICATES)('say %s of an image and of a file', async (type, predicate) => {
    const { reference, digest: imageDigest } = await someImage();
    const said = ['--type', type, '--predicate', await write('predicate', predicate)];
    expectOk(await sigstead(['attest', reference, ...said]));
    expect(await judge.beside(reference, imageDigest, somebody())).toEqual({
      sig: 0,
      att: 1,
      bundles: 1,
      verified: 2,
    });
    expectOk(await sigstead(['attest-blob', file, ...said, '--rekor-version', '2']));
    expect(await judge.verifies(`${file}.sigstore.json`, digest, somebody())).toBe(true);
  });

  it('take a statement as it is, when it is about the artifact', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [imageDigest, digest].map((one) => ({ name: 'x', digest: { sha256: one.slice(7) } })),
      predicateType: 'https://sigstead.test/type/v1',
      predicate: {},
    };
    const path = await write('statement', statement);
    expectOk(await sigstead(['attest', reference, '--statement', path]));
    expectOk(await sigstead(['attest-blob', file, '--statement', path]));
    expect((await judge.beside(reference, imageDigest, somebody())).verified).toBe(2);
    const other = await write('other', { ...statement, subject: [{ digest: { sha256: '0'.repeat(64) } }] });
    const { code, stderr } = await sigstead(['attest', reference, '--statement', other]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('step input: the statement is not about')]);
  });

  it('take the place of what was said before', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const said = ['--type', 'custom', '--predicate', await write('predicate', 'x')];
    expectOk(await sigstead(['sign', reference]));
    for (let times = 0; times < 2; times++) expectOk(await sigstead(['attest', reference, ...said]));
    expect(await judge.beside(reference, imageDigest, somebody())).toMatchObject({
      sig: 1,
      att: 2,
      bundles: 3,
    });
    expectOk(await sigstead(['attest', reference, ...said, '--replace']));
    expect(await judge.beside(reference, imageDigest, somebody())).toMatchObject({
      sig: 1,
      att: 1,
      bundles: 2,
    });
  });

  it.each<[string, string[], unknown, RegExp]>([
    [
      'a statement that is not in-toto',
      ['--statement'],
      { _type: 'no' },
      /step input: not an in-toto statement/,
    ],
    ['a statement that is not JSON', ['--statement'], '{', /step input: not an in-toto statement/],
    [
      'a predicate of another type',
      ['--type', 'cyclonedx', '--predicate'],
      { spdxVersion: 'SPDX-2.3' },
      /step input: predicate is not a https:\/\/cyclonedx.org\/bom: predicate.bomFormat/,
    ],
    ['a type that is none', ['--type', 'nonsense', '--predicate'], {}, /step input: predicate type is not/],
  ])('refuse %s, and nothing is written or logged', async (_name, option, content, reason) => {
    const { reference, digest: imageDigest } = await someImage();
    const said = [...option, await write('said', content)];
    const before = await treeSize();
    const image = await sigstead(['attest', reference, ...said]);
    const blob = await sigstead(['attest-blob', file, ...said]);
    expect([image.code, image.stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect([blob.code, blob.stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect(await judge.beside(reference, imageDigest, somebody())).toMatchObject({ att: 0, bundles: 0 });
    expect([await treeSize(), await filesBeside()]).toEqual([before, []]);
  });
});

describe('copy, clean and generate', () => {
  it('take signatures along, and away', async () => {
    const { reference, digest: imageDigest } = await someImage();
    expectOk(await sigstead(['sign', reference]));
    const to = reference.replace('app/', 'mirror/');
    expectOk(await sigstead(['copy', reference, to]));
    expect((await judge.beside(to, imageDigest, somebody())).verified).toBe(2);
    const other = await someImage(`other/${count}`);
    const moved = await sigstead(['copy', other.reference, to]);
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining('--force moves the tag')]);
    expectOk(await sigstead(['sign', reference]));
    expectOk(await sigstead(['copy', '--sig-only', reference, to]));
    expect((await judge.beside(to, imageDigest, somebody())).verified).toBe(4);
    expect((await sigstead(['clean', to])).code).toBe(2);
    const cleaned = await sigstead(['clean', to, '--type', 'signature', '--force']);
    expect([cleaned.code, cleaned.stderr]).toEqual([
      0,
      expect.stringContaining('2 bundles refer to the image'),
    ]);
    expectOk(await sigstead(['clean', to, '-f']));
    expect(await judge.beside(to, imageDigest, somebody())).toEqual({
      sig: 0,
      att: 0,
      bundles: 0,
      verified: 0,
    });
  });

  it('prints the payload that is signed', async () => {
    const { reference, digest: imageDigest } = await someImage();
    const { stdout } = await sigstead(['generate', '-a', 'b=2', '-a', 'a=1', reference]);
    const name = reference.replace(':v1', '');
    expect(stdout).toBe(
      `{"critical":{"identity":{"docker-reference":"${name}"},"image":{"docker-manifest-digest":"${imageDigest}"},"type":"cosign container image signature"},"optional":{"a":"1","b":"2"}}`,
    );
  });
});

describe('when something is wrong', () => {
  let image: { reference: string; digest: string };
  beforeEach(async () => {
    image = await someImage();
  });

  /** Signs an image and a file, and sees that neither is, half or whole. */
  const expectNothing = async (
    step: RegExp,
    { change, token: as = token }: { change?: (config: Config) => Config; token?: string },
  ): Promise<void> => {
    const config = JSON.parse(await readFile(stack.signingConfig('rekor-v1'), 'utf8')) as Config;
    const services = [
      ...['--signing-config', await write('config', change === undefined ? config : change(config))],
      ...['--trusted-root', stack.trustedRoot, '--identity-token', as],
    ];
    const bundle = `${file}.sigstore.json`;
    const results = [
      await sigstead(['sign', image.reference, '--bundle', bundle, ...services]),
      await sigstead(['sign-blob', file, ...services]),
    ];
    for (const { code, stderr, stdout } of results) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(step);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain(as);
    }
    expect(await filesBeside()).toEqual([]);
    expect(await judge.beside(image.reference, image.digest, somebody())).toMatchObject({
      sig: 0,
      bundles: 0,
    });
  };
  const at =
    (name: ServiceList, url: string) =>
    (config: Config): Config => ({
      ...config,
      [name]: config[name].map((service) => ({ ...service, url })),
    });

  it('with the token, the authority says so', async () => {
    const expired = await stackToken({ exp: Math.floor(Date.now() / 1000) - 3600 });
    await expectNothing(/^Error: signing .*: step certificate: .*expired/, { token: expired });
    await expectNothing(/^Error: signing .*: step input: identity token cannot be used/, {
      token: 'eyJ.a.b',
    });
  });

  it.each<[ServiceList, RegExp]>([
    ['caUrls', /^Error: signing .*: step certificate: .*127\.0\.0\.1:1 cannot be reached/],
    ['rekorTlogUrls', /^Error: signing .*: step log: .*127\.0\.0\.1:1 cannot be reached/],
    ['tsaUrls', /^Error: signing .*: step timestamp: .*127\.0\.0\.1:1 cannot be reached/],
  ])('with %s, the step is named', async (name, step) => {
    await expectNothing(step, { change: at(name, NOBODY) });
  });

  describe('behind a proxy', () => {
    let proxy: FaultyProxy;
    beforeEach(async () => {
      proxy = await startFaultyProxy(stack.url);
    });
    const through = (reference: string) =>
      `${new URL(proxy.url).host}/${reference.split('/').slice(1).join('/')}`;

    it('a log that answers something else is not believed', async () => {
      const answer = JSON.stringify({
        ['ab'.repeat(40)]: { body: 'e30=', integratedTime: 1, logIndex: 1, logID: '00' },
      });
      proxy.fault = (_request, response) => {
        response.writeHead(201, { 'content-type': 'application/json', etag: 'x' }).end(answer);
        return true;
      };
      await expectNothing(/^Error: signing .*: step log: /, { change: at('rekorTlogUrls', proxy.url) });
      await proxy.close();
    });

    it('a registry that takes nothing keeps nothing, and the file is not written', async () => {
      proxy.fault = (request, response) => {
        if (request.method === 'GET' || request.method === 'HEAD') return false;
        response.writeHead(403).end();
        return true;
      };
      const bundle = `${file}.sigstore.json`;
      const { code, stderr, stdout } = await sigstead(['sign', through(image.reference), '--bundle', bundle]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^Error: signing .*: step push: .*403/);
      expect(await filesBeside()).toEqual([]);
      expect(await judge.beside(image.reference, image.digest, somebody())).toMatchObject({
        sig: 0,
        bundles: 0,
      });
      proxy.fault = () => false;
      expectOk(await sigstead(['sign', through(image.reference), '--bundle', bundle]));
      expect(await judge.beside(image.reference, image.digest, somebody())).toMatchObject({
        sig: 1,
        bundles: 1,
      });
      await proxy.close();
    });

    it('a registry whose digests are wrong is not signed', async () => {
      proxy.fault = (request, response) => {
        if (request.url?.includes('/manifests/v1') !== true) return false;
        const headers = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };
        response.writeHead(200, { ...headers, 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
        response.end('{"schemaVersion":2}');
        return true;
      };
      const { code, stderr } = await sigstead(['sign', through(image.reference)]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/step resolve: .*digest/)]);
      await proxy.close();
    });

    it('Ctrl-C lets what is begun be finished, and begins nothing more', async () => {
      const config = JSON.parse(await readFile(stack.signingConfig('rekor-v1'), 'utf8')) as Config;
      const path = await write('config', at('rekorTlogUrls', proxy.url)(config));
      const bundles = join(directory, `interrupted-${count}`);
      await mkdir(bundles);
      const digests = Array.from({ length: 60 }, (_, n) => `sha256:${String(n + 1000).padStart(64, '0')}`);
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let asked = 0;
      proxy.fault = async () => {
        if (++asked === 16) signing.process.kill('SIGINT');
        await released;
        return false;
      };
      const args = ['sign-blob', ...digests, '--bundle', bundles, '--signing-config', path];
      const signing = start([...CLI, ...args, '--trusted-root', stack.trustedRoot], {
        SIGSTORE_ID_TOKEN: token,
      });
      const ended = once(signing.process, 'close');
      const noticed = once(signing.process.stderr as NodeJS.ReadableStream, 'data');
      await noticed;
      release();
      expect((await ended)[0]).toBe(130);
      expect(signing.stderr()).toContain('Error: interrupted: 16 of 60 are signed; signing again is safe');
      const written = await readdir(bundles);
      expect([asked, written.length]).toEqual([16, 16]);
      for (const name of written) {
        const signed = name.replace('.sigstore.json', '').replace('-', ':');
        expect(await judge.verifies(join(bundles, name), signed, somebody())).toBe(true);
      }
      await proxy.close();
    });
  });
});

type ServiceList = 'caUrls' | 'rekorTlogUrls' | 'tsaUrls';
type Config = Record<ServiceList, readonly { readonly url: string }[]>;

async function stackToken(claims: object): Promise<string> {
  const answer = await fetch(`${stack.issuer}/token`, { method: 'POST', body: JSON.stringify(claims) });
  return ((await answer.json()) as { value: string }).value;
}

async function treeSize(): Promise<number> {
  return ((await (await fetch(`${stack.url}/api/v1/log`)).json()) as { treeSize: number }).treeSize;
}

/** How many there are: each precertificate is in the CT log. */
async function certificates(): Promise<number> {
  const answer = await fetch(`${stack.url}/ct/v1/get-sth`);
  return ((await answer.json()) as { tree_size: number }).tree_size;
}

/** What was written beside the file of this test. */
async function filesBeside(): Promise<string[]> {
  const prefix = `file-${count}.`;
  return (await readdir(directory)).filter((name) => name.startsWith(prefix));
}

async function pushIndex(
  repository: string,
  digests: readonly string[],
): Promise<{ reference: string; digest: string }> {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifests = await Promise.all(
    digests.map(async (child) => {
      const answer = await fetch(`${stack.url}/v2/${repository}/manifests/${child}`, {
        headers: { accept: mediaType },
      });
      return { mediaType, digest: child, size: (await answer.arrayBuffer()).byteLength };
    }),
  );
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests,
  });
  const answer = await fetch(`${stack.url}/v2/${repository}/manifests/v1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    body: index,
  });
  expect(answer.status).toBe(201);
  const indexDigest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  return { reference: `${new URL(stack.url).host}/${repository}:v1`, digest: indexDigest };
}

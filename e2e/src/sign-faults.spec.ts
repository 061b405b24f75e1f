import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { start, type Finished, type PushedImage } from '@sigstead/instance';
import { startFaultyProxy, type FaultyProxy } from './harness/faulty-proxy.ts';
import { CLI, SigningBench } from './harness/signing-bench.ts';

const NOBODY = 'http://127.0.0.1:1';

type ServiceList = 'caUrls' | 'rekorTlogUrls' | 'tsaUrls';
type Config = Record<ServiceList, readonly { readonly url: string }[]>;

let bench: SigningBench;

beforeAll(async () => {
  bench = await SigningBench.open();
}, 180_000);
afterAll(() => bench?.close(), 60_000);
beforeEach(() => bench.next());

const expectOk = ({ code, stderr }: Finished): void => expect([code, stderr]).toEqual([0, '']);

async function expiredToken(): Promise<string> {
  const body = JSON.stringify({ exp: Math.floor(Date.now() / 1000) - 3600 });
  const answer = await fetch(`${bench.stack.issuer}/token`, { method: 'POST', body });
  return ((await answer.json()) as { value: string }).value;
}

describe('signing with something that is wrong', () => {
  let image: PushedImage;
  beforeEach(async () => {
    image = await bench.image();
  });

  /** Signs an image and a file, and sees that neither is, half or whole. */
  const expectNothing = async (
    step: RegExp,
    { change, token = bench.token }: { change?: (config: Config) => Config; token?: string },
  ): Promise<void> => {
    const config = JSON.parse(await readFile(bench.stack.signingConfig('rekor-v1'), 'utf8')) as Config;
    const services = [
      ...['--signing-config', await bench.write('config', change === undefined ? config : change(config))],
      ...['--trusted-root', bench.stack.trustedRoot, '--identity-token', token],
    ];
    const bundle = `${bench.file}.sigstore.json`;
    const results = [
      await bench.sigstead(['sign', image.reference, '--bundle', bundle, ...services]),
      await bench.sigstead(['sign-blob', bench.file, ...services]),
    ];
    for (const { code, stderr, stdout } of results) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(step);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain(token);
    }
    expect(await bench.filesBeside()).toEqual([]);
    expect(await bench.judge.beside(image.reference, image.digest, bench.somebody)).toMatchObject({
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

  it('a token is refused by the authority, or before it', async () => {
    const expired = await expiredToken();
    await expectNothing(/^Error: signing .*: step certificate: .*expired/, { token: expired });
    await expectNothing(/^Error: signing .*: step input: identity token cannot be used/, {
      token: 'eyJ.a.b',
    });
  });

  it.each<[ServiceList, RegExp]>([
    ['caUrls', /^Error: signing .*: step certificate: .*127\.0\.0\.1:1 cannot be reached/],
    ['rekorTlogUrls', /^Error: signing .*: step log: .*127\.0\.0\.1:1 cannot be reached/],
    ['tsaUrls', /^Error: signing .*: step timestamp: .*127\.0\.0\.1:1 cannot be reached/],
  ])('%s down: the step is named', async (name, step) => {
    await expectNothing(step, { change: at(name, NOBODY) });
  });

  describe('behind a proxy', () => {
    let proxy: FaultyProxy;
    beforeEach(async () => {
      proxy = await startFaultyProxy(bench.stack.url);
    });
    afterEach(() => proxy.close());
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
    });

    it('a registry that takes nothing keeps nothing, and the file is not written', async () => {
      proxy.fault = (request, response) => {
        if (request.method === 'GET' || request.method === 'HEAD') return false;
        response.writeHead(403).end();
        return true;
      };
      const bundle = `${bench.file}.sigstore.json`;
      const { code, stderr, stdout } = await bench.sigstead([
        'sign',
        through(image.reference),
        '--bundle',
        bundle,
      ]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^Error: signing .*: step push: .*403/);
      expect(await bench.filesBeside()).toEqual([]);
      expect(await bench.judge.beside(image.reference, image.digest, bench.somebody)).toMatchObject({
        sig: 0,
        bundles: 0,
      });
      proxy.fault = () => false;
      expectOk(await bench.sigstead(['sign', through(image.reference), '--bundle', bundle]));
      expect(await bench.judge.beside(image.reference, image.digest, bench.somebody)).toMatchObject({
        sig: 1,
        bundles: 1,
      });
    });

    it('a registry whose digests are wrong is not signed', async () => {
      proxy.fault = (request, response) => {
        if (request.url?.includes('/manifests/v1') !== true) return false;
        const headers = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };
        response.writeHead(200, { ...headers, 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
        response.end('{"schemaVersion":2}');
        return true;
      };
      const { code, stderr } = await bench.sigstead(['sign', through(image.reference)]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/step resolve: .*digest/)]);
    });

    it('Ctrl-C lets what is begun be finished, and begins nothing more', async () => {
      const config = JSON.parse(await readFile(bench.stack.signingConfig('rekor-v1'), 'utf8')) as Config;
      const path = await bench.write('config', at('rekorTlogUrls', proxy.url)(config));
      const bundles = bench.path('interrupted');
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
      const signing = start([...CLI, ...args, '--trusted-root', bench.stack.trustedRoot], {
        SIGSTORE_ID_TOKEN: bench.token,
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
        expect(await bench.judge.verifies(join(bundles, name), signed, bench.somebody)).toBe(true);
      }
    });
  });
});

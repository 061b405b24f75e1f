import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeCluster } from '@sigstead/embedded-postgres';
import { certifiedSigner, signThroughRekorV2 } from './harness/keyless-signer.ts';
import { readTileLog } from './harness/tile-log.ts';
import { pushImage, run, start, type Finished, type Started } from '@sigstead/instance';

const STACK = [process.execPath, 'tools/local-stack/dist/main.js'] as const;
const CLI = [process.execPath, 'tools/cli/bin/sigstead.js'] as const;
const READY = /^ready: (http:\/\/localhost:\d+)$/m;
const IDENTITY = 'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';

interface RunningStack {
  readonly stack: Started;
  readonly url: string;
  readonly seconds: number;
}

async function startStack(home: string, port = '0'): Promise<RunningStack> {
  const startedAt = performance.now();
  const stack = start(STACK, { SIGSTEAD_HOME: home, PORT: port });
  const output = await stack.printed(READY, 120_000);
  return { stack, url: READY.exec(output)?.[1] as string, seconds: (performance.now() - startedAt) / 1000 };
}

/** The database server of a state folder, by its own pid file. */
async function postgresIsAlive(home: string): Promise<boolean> {
  const relocated = await readFile(join(home, 'postgres/relocated'), 'utf8').catch(() => undefined);
  const data =
    relocated === undefined ? join(home, 'postgres/data') : join('/var/lib/sigstead', relocated, 'data');
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
  return pidFile !== undefined;
}

describe('local stack', () => {
  let parent: string;
  let home: string;
  let running: RunningStack;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sigstead-stack-'));
    home = join(parent, 'one');
  });

  afterAll(async () => {
    await running?.stack.stop();
    for (const name of ['one', 'two', 'three']) await removeCluster(join(parent, name, 'postgres'));
    await rm(parent, { recursive: true, force: true });
  }, 60_000);

  it('runs the self-check once, prints the chain of trust and exits 0', async () => {
    const { code, stdout } = await run([...STACK, '--once'], { SIGSTEAD_HOME: home, PORT: '0' });
    expect(stdout).toContain('VERIFIED');
    expect(stdout).toContain(IDENTITY);
    expect(stdout).toMatch(/self-check passed in \d+\.\d s\n$/);
    expect(code).toBe(0);
    expect(await postgresIsAlive(home)).toBe(false);
  }, 120_000);

  it('starts again on the same state, keeps its port and is ready last', async () => {
    const ports = JSON.parse(await readFile(join(home, 'ports.json'), 'utf8')) as { picked: number };
    running = await startStack(home);
    expect(running.url).toBe(`http://localhost:${ports.picked}`);
    expect(running.stack.stdout().trimEnd().split('\n').at(-1)).toBe(`ready: ${running.url}`);
    expect(await (await fetch(`${running.url}/healthz`)).json()).toEqual({ status: 'SERVING' });
    const readiness = (await (await fetch(`${running.url}/readyz`)).json()) as {
      ready: boolean;
      checks: object;
    };
    expect(readiness.ready).toBe(true);
    expect(Object.keys(readiness.checks)).toContain('transparency-log/database');
    // A signature in two forms for each run: nothing was lost between the two.
    const info = (await (await fetch(`${running.url}/api/v1/log`)).json()) as { treeSize: number };
    expect(info.treeSize).toBe(4);
  }, 120_000);

  it('runs side by side with another state folder, and not twice on one', async () => {
    const other = await startStack(join(parent, 'two'));
    expect(other.url).not.toBe(running.url);
    const twice = await run(STACK, { SIGSTEAD_HOME: home, PORT: '0' });
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('in use by process')]);
    await other.stack.stop('SIGINT');
  }, 120_000);

  it('says so when the wanted port is taken', async () => {
    const port = new URL(running.url).port;
    const { code, stderr } = await run(STACK, { SIGSTEAD_HOME: join(parent, 'three'), PORT: port });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`port ${port} is in use`)]);
  }, 60_000);

  it('has the Rekor v2 log and the tiles of the CT log on the one port, beside the authority', async () => {
    const { url } = running;
    const token = await fetch(`${url}/issuers/github/token`, { method: 'POST', body: '{}' });
    const { value } = (await token.json()) as { value: string };
    const signer = await certifiedSigner({ certificateAuthority: url }, value);
    const services = {
      certificateAuthority: url,
      transparencyLog: url,
      timestampAuthority: `${url}/api/v1/timestamp`,
    };
    const { entry } = await signThroughRekorV2(services, signer, Buffer.from('an artifact'));
    const { tlogs, ctlogs } = (await (await fetch(`${url}/trust/trusted_root.json`)).json()) as {
      tlogs: { baseUrl: string; publicKey: { rawBytes: string } }[];
      ctlogs: { baseUrl: string }[];
    };
    const { baseUrl, publicKey } = tlogs[1] as (typeof tlogs)[number];
    const origin = new URL(baseUrl).hostname;
    for (const prefix of ['', '/api/v2', `/shards/${origin}`, `/shards/${origin}/api/v2`]) {
      expect(await readTileLog(`${url}${prefix}`, publicKey.rawBytes)).toEqual({
        origin,
        size: 1,
        entries: [Buffer.from(entry.canonicalizedBody, 'base64')],
      });
    }
    const found = await fetch(`${url}/api/v2/log/entries?logIndex=0`);
    expect(await found.json()).toMatchObject({ canonicalizedBody: entry.canonicalizedBody });
    const checkpoint = await (await fetch(`${ctlogs[0]?.baseUrl}/checkpoint`)).text();
    expect(checkpoint).toMatch(/^localhost\/ctlog\/\d{4}\n3\n/);
    // Paths under /api/v2 that are nobody's are answered as clients of either service read them.
    const nobody = await fetch(`${url}/api/v2/nothing`);
    expect([nobody.status, await nobody.json()]).toMatchObject([404, { code: 5 }]);
    const config = await fetch(`${url}/trust/signing_config_rekor_v2.v0.2.json`);
    expect(await config.json()).toMatchObject({ rekorTlogUrls: [{ url, majorApiVersion: 2 }] });
  }, 60_000);

  describe('command line', () => {
    const sigstead = (args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> =>
      run([...CLI, ...args], { SIGSTEAD_URL: running.url, ...environment });
    const trusting = (identity = IDENTITY) => [
      '--certificate-identity',
      identity,
      '--certificate-oidc-issuer',
      `${running.url}/issuers/github`,
    ];
    let image: string;

    beforeAll(async () => {
      image = (await pushImage(running.url, 'demo/cli', 'v1')).reference;
    });

    it('refuses an image that nobody signed', async () => {
      const { code, stderr } = await sigstead(['verify', image, ...trusting()]);
      expect([code, stderr]).toEqual([10, expect.stringMatching(/^Error: .*signature/m)]);
    });

    it('signs and verifies', async () => {
      const bundle = join(parent, 'bundle.json');
      const signed = await sigstead(['sign', image, '--bundle', bundle]);
      expect([signed.code, signed.stderr]).toEqual([0, expect.stringContaining('development issuer')]);
      expect(signed.stdout).toContain(IDENTITY);
      expect(JSON.parse(await readFile(bundle, 'utf8'))).toMatchObject({
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      });
      const verified = await sigstead(['verify', image, ...trusting()]);
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('VERIFIED')]);
      const json = await sigstead(['verify', image, '--output', 'json', ...trusting()]);
      expect(JSON.parse(json.stdout)).toMatchObject({ verified: true });
    });

    it('signs with the token it is given, by option, file or environment', async () => {
      const { stdout } = await sigstead([
        'token',
        '--claim',
        'job_workflow_ref=acme/ci/.github/workflows/r.yml@refs/heads/x',
      ]);
      const file = join(parent, 'token');
      await writeFile(file, stdout);
      const attempts: [string[], Record<string, string>][] = [
        [['--identity-token', stdout.trim()], {}],
        [['--identity-token', file], {}],
        [[], { SIGSTORE_ID_TOKEN: stdout.trim() }],
      ];
      for (const [args, environment] of attempts) {
        const signed = await sigstead(['sign', image, ...args], environment);
        expect([signed.code, signed.stdout]).toEqual([0, expect.stringContaining('acme/ci')]);
      }
    });

    it('takes its token from GitHub Actions where a job has one', async () => {
      const signed = await sigstead(['sign', image], {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${running.url}/issuers/github/token?v=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job',
      });
      expect([signed.code, signed.stderr]).toEqual([0, '']);
    });

    it('fails for another signer with the reason', async () => {
      const { code, stderr } = await sigstead(['verify', image, ...trusting('https://github.com/evil/x')]);
      expect([code, stderr]).toEqual([12, expect.stringContaining('https://github.com/evil/x')]);
    });

    it('fails for an image that is not there', async () => {
      const missing = image.replace(':v1', ':v9');
      expect((await sigstead(['verify', missing, ...trusting()])).code).toBe(11);
      const { code, stderr } = await sigstead(['sign', missing]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: signing /m)]);
    });

    it('fails for a token nobody vouches for, without repeating it', async () => {
      const { code, stderr } = await sigstead([
        'sign',
        image,
        '--identity-token',
        'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.',
      ]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/token/);
      expect(stderr).not.toContain('eyJpc3MiOiJ4In0');
    });

    it('asks for a policy, and for known options', async () => {
      expect((await sigstead(['verify', image])).code).toBe(2);
      expect((await sigstead(['verify', image, '--nonsense'])).code).toBe(2);
      expect((await sigstead(['--help'])).code).toBe(0);
    });

    it('says when nothing answers', async () => {
      const { code, stderr } = await sigstead(['sign', image, '--identity-token', 'eyJ.a.b'], {
        SIGSTEAD_URL: 'http://127.0.0.1:1',
      });
      expect([code, stderr]).toEqual([1, expect.stringContaining('does not answer')]);
    });

    it('prints an environment that a shell can take', async () => {
      const { stdout } = await sigstead(['env', '--home', home]);
      expect(stdout).toMatch(/^export SIGSTEAD_URL=http:\/\/localhost:\d+$/m);
      expect(stdout).toMatch(/^export SIGSTORE_ID_TOKEN=eyJ[\w.-]+$/m);
      expect(stdout).toMatch(/^export SIGSTEAD_SIGNING_CONFIG=\/.+\/signing_config\.v0\.2\.json$/m);
      const rekorV2 = await sigstead(['env', '--rekor-v2', '--home', home]);
      expect(rekorV2.stdout).toMatch(
        /^export SIGSTEAD_SIGNING_CONFIG=\/.+\/signing_config_rekor_v2\.v0\.2\.json$/m,
      );
      const legacy = await sigstead(['env', '--legacy', '--home', home]);
      expect(legacy.stdout).toMatch(/^export SIGSTORE_ROOT_FILE=\//m);
      expect((await sigstead(['env', '--legacy', '--rekor-v2', '--home', home])).code).toBe(2);
    });
  });

  it('stops everything on Ctrl-C, PostgreSQL too', async () => {
    expect(await running.stack.stop('SIGINT')).toBe(0);
    expect(await postgresIsAlive(home)).toBe(false);
    await expect(fetch(`${running.url}/healthz`)).rejects.toThrow();
  }, 60_000);

  it('starts after kill -9, with the database server still running', async () => {
    running = await startStack(home);
    await running.stack.stop('SIGKILL');
    expect(await postgresIsAlive(home)).toBe(true);
    running = await startStack(home);
    expect(running.stack.stdout()).toContain('VERIFIED');
  }, 120_000);
});

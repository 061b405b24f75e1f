import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

const SIGSTEAD = resolve(import.meta.dirname, '../../tools/cli/bin/sigstead.js');

/** A foreign identity provider, and a foreign certificate authority's answer about its issuers. */
class Provider {
  keysStatus = 200;
  /** How far its clock is ahead. */
  leadMs = 0;
  configuration: object = {};
  readonly #server: Server;
  readonly #privateKey: KeyObject;

  private constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }];
    this.#privateKey = privateKey;
    this.#server = createServer((request, response) => {
      const documents: Record<string, object> = {
        '/.well-known/openid-configuration': {
          issuer: this.url,
          jwks_uri: `${this.url}/keys`,
          id_token_signing_alg_values_supported: ['ES256'],
        },
        '/keys': { keys },
        '/api/v2/configuration': this.configuration,
      };
      const document = documents[request.url ?? ''];
      const status = document === undefined ? 404 : request.url === '/keys' ? this.keysStatus : 200;
      response
        .writeHead(status, { date: new Date(Date.now() + this.leadMs).toUTCString() })
        .end(JSON.stringify(document ?? {}));
    });
  }

  static async start(): Promise<Provider> {
    const provider = new Provider();
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  token(changes: Record<string, unknown> = {}): string {
    const seconds = Math.floor((Date.now() + this.leadMs) / 1000);
    const claims = {
      iss: this.url,
      aud: 'sigstore',
      sub: 'ada',
      iat: seconds,
      exp: seconds + 300,
      email: 'ada@example.com',
      email_verified: true,
      ...changes,
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(input), {
      key: this.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${input}.${signature.toString('base64url')}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let provider: Provider;
let folder: string;
let config: string;

beforeAll(async () => {
  provider = await Provider.start();
  folder = await mkdtemp(join(tmpdir(), 'issuer-command-'));
  config = join(folder, 'issuers.yaml');
});
afterAll(async () => {
  await provider.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  provider.keysStatus = 200;
  provider.leadMs = 0;
  provider.configuration = {};
  await writeFile(
    config,
    ['oidc-issuers:', `  ${provider.url}:`, '    client-id: sigstore', '    type: email', ''].join('\n'),
  );
});

/** The built command, in a folder of its own, with the token on standard input. */
async function sigstead(args: readonly string[], input = ''): Promise<Ended> {
  const { SIGSTEAD_URL: _url, SIGSTEAD_HOME: _home, ...env } = process.env;
  const child = spawn(process.execPath, [SIGSTEAD, ...args], {
    cwd: folder,
    env: { ...env, NODE_OPTIONS: '' },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

const check = (token: string, ...args: string[]) =>
  sigstead(['issuer', 'check', '-', '--config', config, ...args], token);

describe('sigstead issuer check', () => {
  it('accepts a good token and tells what the certificate would say', async () => {
    const { code, stdout, stderr } = await check(provider.token());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ok +signature +it verifies/m);
    expect(stdout).toMatch(/^ {2}subject \(email\) +ada@example\.com$/m);
    expect(stdout).not.toMatch(/FAILED|warning/);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'wrong audience',
      { aud: 'other' },
      /^Error: the token is refused: audience: the token is for "other", want "sigstore"\n$/,
    ],
    [
      'missing email_verified',
      { email_verified: undefined },
      /^Error: the token is refused: claim email_verified: the token says nothing, want true.*\n$/,
    ],
    [
      'expired token',
      { exp: 1_700_000_000 },
      /^Error: the token is refused: expiry: the token expired at 2023-11-14T22:13:20\.000Z, it is .* \(\d+ days ago\)\n$/,
    ],
  ])('tells in one line of a %s', async (_, claims, line) => {
    const { code, stderr } = await check(provider.token(claims));
    expect([code, stderr]).toEqual([1, expect.stringMatching(line)]);
  });

  it('tells in one line of a wrong issuer string, and which one it nearly is', async () => {
    const { code, stderr, stdout } = await check(provider.token({ iss: `${provider.url}/` }));
    expect([code, stderr.split('\n').length]).toEqual([1, 2]);
    expect(stderr).toContain(`it is nearly "${provider.url}": it has a slash at the end that is not wanted`);
    expect(stdout).toMatch(/^ok +signature/m);
  });

  it('tells in one line of keys that cannot be had', async () => {
    provider.keysStatus = 503;
    const { code, stderr } = await check(provider.token());
    expect([code, stderr]).toEqual([
      1,
      `Error: the token is refused: issuer keys from ${new URL(provider.url).host}: answered 503, want 200\n`,
    ]);
  });

  it('tells in one line of an issuer that nobody answers for', async () => {
    const gone = await Provider.start();
    const token = gone.token();
    await writeFile(config, `oidc-issuers: {"${gone.url}": {client-id: sigstore, type: email}}`);
    await gone.stop();
    const { code, stderr } = await check(token);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^Error: .*connection is refused \(ECONNREFUSED\)\n$/),
    ]);
  });

  it('tells in one line of clocks that differ', async () => {
    provider.leadMs = -600_000;
    const { code, stderr } = await check(provider.token());
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^Error: .*expired at .*; clock: this machine is 10 minutes ahead of the issuer\n$/,
      ),
    ]);
    provider.leadMs = 180_000;
    const ahead = await check(provider.token());
    expect([ahead.code, ahead.stdout]).toEqual([
      0,
      expect.stringMatching(/^warning +clock +this machine is 3 minutes behind the issuer/m),
    ]);
  });

  it('tells all faults, as JSON too, and never the token', async () => {
    const token = provider.token({ aud: 'other', exp: 1, email_verified: false });
    const { code, stdout, stderr } = await check(token, '--json');
    const { ok, steps } = JSON.parse(stdout) as { ok: boolean; steps: { name: string; outcome: string }[] };
    expect([code, ok]).toEqual([1, false]);
    const failed = steps.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
    expect(failed).toEqual(['audience', 'expiry', 'identity']);
    for (const part of token.split('.')) expect(stdout + stderr).not.toContain(part);
  });

  it('takes the token from a file, as it is, or an issuer by its URL', async () => {
    const file = join(folder, 'token');
    await writeFile(file, `${provider.token()}\n`);
    for (const given of [`@${file}`, provider.token(), provider.url]) {
      expect(await sigstead(['issuer', 'check', given, '--config', config])).toMatchObject({
        code: 0,
        stderr: '',
      });
    }
    const { code, stderr } = await sigstead(['issuer', 'check', `${provider.url}/`, '--config', config]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: the issuer cannot be used: .*nearly/)]);
  });

  it('lets no token move the cursor', async () => {
    const { stdout, stderr } = await check(provider.token({ aud: '\u001b[2J\u009b2J\u202e' }));
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each<[string, string[], string]>([
    ['nothing', ['issuer', 'check'], ''],
    ['what is neither', ['issuer', 'check', 'nonsense'], ''],
    ['an empty token', ['issuer', 'check', '-'], '\n'],
    ['a token file that is not there', ['issuer', 'check', '@/nonexistent'], ''],
    ['a configuration that is not there', ['issuer', 'check', 'http://x', '--config', '/nonexistent'], ''],
    ['an unknown option', ['issuer', 'check', '--what'], ''],
  ])('calls %s wrong usage', async (_, args, input) => {
    expect((await sigstead(args, input)).code).toBe(2);
  });
});

describe('the configuration that is judged by', () => {
  it('is the one of the stack in this folder, when there is one', async () => {
    const own = join(folder, '.sigstead', 'certificate-authority');
    await mkdir(own, { recursive: true });
    await writeFile(
      join(own, 'issuers.yaml'),
      `oidc-issuers: {"${provider.url}": {client-id: mine, type: email}}`,
    );
    expect(await sigstead(['issuer', 'list'])).toEqual({
      code: 0,
      stdout: `${provider.url}\temail\tmine\n`,
      stderr: '',
    });
    await rm(join(folder, '.sigstead'), { recursive: true });
  });

  it('is what a certificate authority publishes, else; identities by templates are then not judged', async () => {
    const told = {
      challengeClaim: 'sub',
      spiffeTrustDomain: '',
      subjectDomain: '',
      skipEmailVerification: false,
    };
    provider.configuration = {
      issuers: [
        { ...told, issuerUrl: provider.url, audience: 'sigstore', issuerType: 'ci-provider' },
        {
          ...told,
          wildcardIssuerUrl: 'https://oidc.*.example/id/*',
          audience: 'a',
          issuerType: 'kubernetes',
        },
      ],
    };
    const list = await sigstead(['--url', provider.url, 'issuer', 'list']);
    expect(list.stdout).toBe(
      `${provider.url}\tci-provider\tsigstore\nhttps://oidc.*.example/id/*\tkubernetes\ta\n`,
    );
    const fine = await sigstead(['--url', provider.url, 'issuer', 'check', '-'], provider.token());
    expect([fine.code, fine.stdout]).toEqual([
      0,
      expect.stringMatching(/^- +identity +it cannot be judged here/m),
    ]);
    const wrong = await sigstead(
      ['--url', provider.url, 'issuer', 'check', '-'],
      provider.token({ aud: 'x' }),
    );
    expect(wrong.code).toBe(1);
  });
});

describe('sigstead issuer preset', () => {
  it('prints what can be used at once', async () => {
    const names = await sigstead(['issuer', 'preset']);
    expect(names.stdout).toMatch(/^github\thttps:\/\/token\.actions\.githubusercontent\.com$/m);
    const rendered = await sigstead([
      'issuer',
      'preset',
      'github',
      '--issuer-url',
      provider.url,
      '--client-id',
      'me',
    ]);
    expect(rendered.code).toBe(0);
    await writeFile(config, rendered.stdout);
    const { code, stderr } = await check(provider.token({ aud: 'me' }));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: the token is refused: claim /)]);
  });

  it.each([[['no-such']], [['keycloak']], [['github', '--issuer-url', 'no url']]])(
    'calls %j wrong usage',
    async (args) => {
      expect((await sigstead(['issuer', 'preset', ...args])).code).toBe(2);
    },
  );
});

import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../testonly/run-command.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const SIGNER = ['--certificate-identity', 'a@b', '--certificate-oidc-issuer', 'https://issuer'];
const SIGNATURE = {
  verified: true,
  steps: [
    {
      name: 'identity-extraction',
      evidence: { identity: 'a@b', issuer: 'https://issuer', claims: { issuer: 'https://issuer' } },
    },
    {
      name: 'signature',
      evidence: { signed: 'simple-signing-payload', dockerReference: 'registry.example/app' },
    },
  ],
};

/** Answers as the verifier service does. */
describe('where there is no trusted root', () => {
  let directory: string;
  let server: Server;
  let url: string;
  let answer: { status: number; body: object };
  let asked: { path: string | undefined; body: unknown };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-service-'));
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        asked = { path: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) };
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(() => {
    const verdict = { verified: true, digest: DIGEST, text: 'fine\u001b[2J', signatures: [SIGNATURE] };
    answer = { status: 200, body: verdict };
  });

  const verify = (...args: string[]) =>
    runCommand(['verify', 'registry.example/app:v1', ...SIGNER, ...args], { SIGSTEAD_URL: url });

  it('the verifier of the stack is asked, and that is said', async () => {
    const { code, stdout, stderr } = await verify();
    expect([code, stdout]).toEqual([0, 'fine\\u{1b}[2J\n']);
    expect(stderr).toContain(`Judged by the verifier at ${url}, by its own trusted root`);
    expect(asked).toEqual({
      path: '/api/v1/verify',
      body: { image: 'registry.example/app:v1', policy: { identity: 'a@b', issuer: 'https://issuer' } },
    });
  });

  it('its verdict is the json, and what cosign prints where that is the name of the program', async () => {
    expect(JSON.parse((await verify('--output', 'json')).stdout)).toMatchObject({ verified: true });
    const cosign = join(directory, 'cosign');
    await symlink(resolve(import.meta.dirname, '../../../bin/sigstead.js'), cosign);
    const args = ['verify', 'registry.example/app:v1', ...SIGNER];
    const { stdout, stderr } = await runCommand(args, { SIGSTEAD_URL: url }, { program: cosign });
    expect(JSON.parse(stdout)).toMatchObject([
      {
        critical: {
          identity: { 'docker-reference': 'registry.example/app' },
          image: { 'docker-manifest-digest': DIGEST },
          type: 'cosign container image signature',
        },
        optional: { Subject: 'a@b', Issuer: 'https://issuer' },
      },
    ]);
    expect(stderr).toContain('The following checks were performed on each of these signatures:');
  });

  it.each([
    ['none is there', { verified: false, signatures: [], steps: [] }, 10],
    [
      'none passes',
      {
        verified: false,
        signatures: [{ verified: false }],
        steps: [{ outcome: 'failed', reason: 'identity a@b is required' }],
      },
      12,
    ],
    [
      'none has a certificate',
      {
        verified: false,
        signatures: [{ verified: false }],
        steps: [{ outcome: 'failed', code: 'KEY_MISSING', reason: 'made with a key' }],
      },
      13,
    ],
  ])('it ends as judged here when %s', async (_, body, want) => {
    answer = { status: 200, body: { text: 'REFUSED', ...body } };
    expect((await verify()).code).toBe(want);
  });

  it.each([
    [404, { type: 'urn:sigstead:problem:unknown-image', detail: 'no such image' }, 11],
    [400, { detail: 'policy.identity: want a text' }, 2],
    [502, { detail: 'the registry does not answer' }, 1],
  ])('it ends for an answer of %i with its reason', async (status, body, want) => {
    answer = { status, body };
    const { code, stderr } = await verify();
    expect([code, stderr]).toEqual([want, expect.stringContaining(body.detail)]);
  });

  it('it is asked when it is named, and not for what is judged here alone', async () => {
    expect((await verify('--verifier', url)).code).toBe(0);
    for (const [option, ...more] of [
      ['--require-inclusion-proof'],
      ['--revocations', 'a', '--revocations-key', 'b'],
      ['--insecure-ignore-tlog'],
      ['--trusted-root', 'root.json'],
    ]) {
      const { code, stderr } = await verify('--verifier', url, option as string, ...more);
      expect([code, stderr]).toEqual([2, expect.stringContaining(option as string)]);
    }
  });

  it('it is not asked offline', async () => {
    const { code, stderr } = await verify('--offline');
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no trusted root to judge by')]);
  });

  it('nobody else is', async () => {
    answer = { status: 200, body: [] };
    const { code } = await runCommand(['verify', 'registry.example/app:v1', ...SIGNER], {
      SIGSTEAD_URL: 'http://127.0.0.1:9',
    });
    expect(code).toBe(1);
  });
});

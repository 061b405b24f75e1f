import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePorts, run, start, startService, type Started } from '@sigstead/instance';

const CLI = [process.execPath, 'tools/cli/bin/sigstead.js'] as const;
const ISSUER = 'tools/local-stack/dist/issuer/issuer-main.js';
const ADDRESS = /^ {2}(http\S+)$/m;

/** A login under way in the built command, and what it said. */
class Login {
  readonly #process: Started;

  constructor(...args: string[]) {
    this.#process = start([...CLI, ...args]);
  }

  /** Resolves once the command has told its person what matches. */
  async told(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#process.stderr());
      if (found !== null) return found;
      if (this.#process.process.exitCode !== null) throw new Error(this.#process.stderr());
      await once(this.#process.process.stderr as NodeJS.ReadableStream, 'data');
    }
  }

  async ended(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const { process } = this.#process;
    if (process.exitCode === null) await once(process, 'close');
    return { code: process.exitCode, stdout: this.#process.stdout(), stderr: this.#process.stderr() };
  }
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('login of the command at the development issuer', () => {
  let directory: string;
  let service: Started;
  let issuer: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-login-'));
    const { port } = await freePorts(['port']);
    service = await startService(ISSUER, port, {
      PUBLIC_URL: `http://localhost:${port}`,
      KEYS_DIRECTORY: join(directory, 'keys'),
    });
    issuer = `http://localhost:${port}/issuers/email`;
  });
  afterAll(async () => {
    await service?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A login with a browser, as far as the browser being sent back by the issuer. */
  async function sentBack(): Promise<{ login: Login; sent: URL; back: URL }> {
    const login = new Login('login', '--oidc-issuer', issuer, '--fulcio-auth-flow', 'normal');
    const sent = new URL((await login.told(ADDRESS))[1] ?? '');
    const answer = await fetch(sent, { redirect: 'manual' });
    return { login, sent, back: new URL(answer.headers.get('location') ?? '') };
  }

  async function show(url: URL): Promise<[number, string]> {
    const page = await fetch(url);
    return [page.status, await page.text()];
  }

  it('ends with a token on the output and nothing else', async () => {
    const { login, back } = await sentBack();
    expect(await show(back)).toEqual([200, expect.stringContaining('You are logged in')]);
    const { code, stdout, stderr } = await login.ended();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)]);
    expect(claimsOf(stdout)).toMatchObject({ iss: issuer, aud: 'sigstore', email: 'developer@example.com' });
    expect(stderr).toContain(`logged in as developer@example.com at ${issuer}`);
  });

  it('opens the browser, under the name of the token command too', async () => {
    const browser = join(directory, 'browser.mjs');
    await writeFile(browser, `#!${process.execPath}\nawait fetch(process.argv[2]);\n`);
    await chmod(browser, 0o755);
    const args = ['token', '--login', '--oidc-issuer', issuer, '--fulcio-auth-flow', 'normal'];
    const { code, stdout } = await run([...CLI, ...args], { BROWSER: browser });
    expect([code, claimsOf(stdout)['email']]).toEqual([0, 'developer@example.com']);
  });

  it.each([
    ['a forged state', { state: 'forged' }, /\(state\)/],
    ['no state', { state: null }, /\(state\)/],
    ['the answer of another issuer', { iss: 'https://evil.example' }, /\(iss\)/],
    ['the answer of nobody', { iss: null }, /\(iss\)/],
    ['an error', { code: null, error: 'access_denied' }, /access_denied/],
    ['a code that was made up', { code: 'made-up' }, /invalid_grant/],
  ])('ends with %s', async (_what, changes, message) => {
    const { login, back } = await sentBack();
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) back.searchParams.delete(name);
      else back.searchParams.set(name, value);
    }
    expect(await show(back)).toEqual([400, expect.stringContaining('The login failed')]);
    const { code, stdout, stderr } = await login.ended();
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)]);
  });

  it('takes one answer of two', async () => {
    const { login, back } = await sentBack();
    const shown = await Promise.allSettled([show(back), show(back)]);
    const pages = shown.flatMap((page) => (page.status === 'fulfilled' ? [page.value[0]] : []));
    expect(pages.filter((status) => status === 200)).toHaveLength(1);
    expect(pages.filter((status) => status !== 200 && status !== 410)).toEqual([]);
    expect((await login.ended()).code).toBe(0);
    await expect(show(back)).rejects.toThrow();
  });

  it('leaves a code that is spent, and knew it only with the verifier', async () => {
    const { login, sent, back } = await sentBack();
    const code = back.searchParams.get('code') ?? '';
    await show(back);
    await login.ended();
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'sigstore',
      redirect_uri: sent.searchParams.get('redirect_uri') ?? '',
      code,
      code_verifier: 'x'.repeat(43),
    });
    const replayed = await fetch(`${issuer}/token`, { method: 'POST', body });
    expect([replayed.status, await replayed.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });

  it('of somebody else ends nowhere: his answer has another state', async () => {
    const [mine, his] = [await sentBack(), await sentBack()];
    const forged = new URL(mine.back);
    forged.search = his.back.search;
    expect((await show(forged))[0]).toBe(400);
    expect(await mine.login.ended()).toMatchObject({ code: 1, stdout: '' });
    await show(his.back);
    expect((await his.login.ended()).code).toBe(0);
  });

  it.each([
    ['approve', 0, /^eyJ/, /logged in/],
    ['deny', 1, /^$/, /access_denied/],
  ])('goes on at another machine without a terminal: %s', async (decision, exitCode, output, message) => {
    const login = new Login('login', '--oidc-issuer', issuer);
    const [, page = '', userCode = ''] = await login.told(/^ {2}(http\S*)\n.* code (\S+) within/m);
    const body = new URLSearchParams({ user_code: userCode, decision });
    expect((await fetch(page.replace(/\?.*/, ''), { method: 'POST', body })).status).toBe(200);
    const { code, stdout, stderr } = await login.ended();
    expect([code, stdout, stderr]).toEqual([
      exitCode,
      expect.stringMatching(output),
      expect.stringMatching(message),
    ]);
  });
});

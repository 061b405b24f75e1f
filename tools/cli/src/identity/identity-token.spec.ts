import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestLoginIssuer } from '@sigstead/login/testonly/test-login-issuer';
import { bareSurroundings } from '../testonly/surroundings.ts';
import { findIdentityToken, type IdentityOptions } from './identity-token.ts';
import type { Surroundings } from './surroundings.ts';

const NOWHERE = 'https://sigstead.invalid';

const find = (options: IdentityOptions, changes: Partial<Surroundings> = {}, baseUrl = NOWHERE) =>
  findIdentityToken(options, baseUrl, bareSurroundings(changes));

describe('findIdentityToken', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-token-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const written = async (name: string, content: string | Uint8Array): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, content);
    return file;
  };

  it('takes a token as it is, before anything else', async () => {
    const environment = { SIGSTORE_ID_TOKEN: 'eyJ.of.environment' };
    expect(await find({ identityToken: 'eyJ.a.b', oidcDisableAmbientProviders: true }, { environment })).toBe(
      'eyJ.a.b',
    );
  });

  it('reads a file and drops the space around', async () => {
    expect(await find({ identityToken: await written('token', '\n eyJ.a.b\n') })).toBe('eyJ.a.b');
  });

  it.each([
    ['nothing', ''],
    ['several words', 'ssh secret'],
    ['other alphabets', 's\u00e9cret'],
    ['bytes', new Uint8Array([0xff, 0x00, 0x01])],
    ['too much', 'secret'.repeat(100_000)],
  ])('refuses a file that holds %s, and says nothing of what is in it', async (_, content) => {
    await expect(find({ identityToken: await written('token', content) })).rejects.toMatchObject({
      message: '--identity-token holds no token',
      exitCode: 2,
    });
  });

  it('refuses a folder and a file that is not there', async () => {
    for (const identityToken of [directory, join(directory, 'none')]) {
      await expect(find({ identityToken })).rejects.toMatchObject({ exitCode: 2 });
    }
  });

  it('takes the environment before others, and judges it alike', async () => {
    const tokenFile = await written('pod', 'eyJ.of.pod');
    const given = (value: string) => find({}, { environment: { SIGSTORE_ID_TOKEN: value }, tokenFile });
    expect(await given('eyJ.a.b\n')).toBe('eyJ.a.b');
    await expect(given('a secret')).rejects.toThrow('SIGSTORE_ID_TOKEN holds no token');
    expect(await given('')).toBe('eyJ.of.pod');
  });

  it('takes the one provider that is asked for', async () => {
    const tokenFile = await written('pod', 'eyJ.of.pod\n');
    const environment = { SIGSTORE_ID_TOKEN: 'eyJ.a.b' };
    expect(await find({ oidcProvider: 'filesystem' }, { environment, tokenFile })).toBe('eyJ.of.pod');
    await expect(find({ oidcProvider: 'filesystem' }, { environment })).rejects.toMatchObject({
      exitCode: 2,
    });
    await expect(find({ oidcProvider: 'google' })).rejects.toMatchObject({
      message: expect.stringContaining(
        'want one of envvar, github-actions, buildkite-agent, filesystem, spiffe',
      ),
      exitCode: 2,
    });
  });

  it('asks for one when there is none, and tells builds how to have one', async () => {
    const told = async (environment: NodeJS.ProcessEnv) =>
      find({}, { environment }).catch((error: { message: string; exitCode: number }) => [
        error.exitCode,
        error.message,
      ]);
    expect(await told({})).toEqual([2, 'no identity token: pass --identity-token or set SIGSTORE_ID_TOKEN']);
    expect(await told({ CI: 'true', GITHUB_ACTIONS: 'true' })).toEqual([
      2,
      expect.stringContaining('id-token: write'),
    ]);
    expect(await told({ CI: 'true', GITLAB_CI: 'true' })).toEqual([2, expect.stringContaining('id_tokens')]);
  });
});

describe('login for a token', () => {
  let issuer: TestLoginIssuer;
  beforeAll(async () => {
    issuer = await TestLoginIssuer.start();
  });
  afterAll(() => issuer.stop());
  beforeEach(() => {
    issuer.reset();
    const seconds = Math.floor(Date.now() / 1000);
    issuer.claims = { iat: seconds, exp: seconds + 300 };
  });

  it('comes last, and first where nothing around is to count', async () => {
    const environment = { SIGSTORE_ID_TOKEN: 'eyJ.a.b' };
    const options = { oidcIssuer: issuer.url };
    expect(await find(options, { environment })).toBe('eyJ.a.b');
    expect(await find({ ...options, oidcDisableAmbientProviders: true }, { environment })).toMatch(/^eyJ/);
    expect(issuer.requests).toContain('/token');
  });

  it('is not begun in a build that did not ask for it, nor without leave', async () => {
    const options = { oidcIssuer: issuer.url };
    await expect(find(options, { environment: { CI: 'true' } })).rejects.toMatchObject({ exitCode: 2 });
    await expect(find({ ...options, fulcioAuthFlow: 'token' })).rejects.toMatchObject({ exitCode: 2 });
    expect(issuer.requests).toEqual([]);
    const asked = { ...options, fulcioAuthFlow: 'device' };
    expect(await find(asked, { environment: { CI: 'true' } })).toMatch(/^eyJ/);
  });

  it('is at the issuer that the signing configuration names', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-config-'));
    const signingConfig = join(directory, 'signing_config.json');
    const validFor = { start: '2026-01-01T00:00:00Z' };
    const config = {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      oidcUrls: [{ url: issuer.url, majorApiVersion: 1, validFor, operator: 'x' }],
      rekorTlogConfig: { selector: 'ANY' },
      tsaConfig: { selector: 'ANY' },
    };
    try {
      await writeFile(signingConfig, JSON.stringify(config));
      expect(await find({ signingConfig })).toMatch(/^eyJ/);
      expect(await find({}, { environment: { SIGSTEAD_SIGNING_CONFIG: signingConfig } })).toMatch(/^eyJ/);
      issuer.answers.set(
        '/trust/signing_config.v0.2.json',
        (response) => void response.end(JSON.stringify(config)),
      );
      expect(await find({}, {}, issuer.url)).toMatch(/^eyJ/);
      await writeFile(signingConfig, '{}');
      await expect(find({ signingConfig })).rejects.toThrow('names no issuer');
      await expect(find({ signingConfig: directory })).rejects.toMatchObject({ exitCode: 2 });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

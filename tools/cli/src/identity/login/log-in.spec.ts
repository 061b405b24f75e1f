import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestLoginIssuer } from '@sigstead/login/testonly/test-login-issuer';
import { bareSurroundings } from '../../testonly/surroundings.ts';
import { logIn, type LoginOptions } from './log-in.ts';

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

/** Somebody who logs in and is sent back, perhaps with something else. */
function person(change: (answer: URLSearchParams) => void = () => undefined) {
  const pages: Promise<[number, string]>[] = [];
  const openBrowser = async (url: string): Promise<boolean> => {
    const answer = issuer.logIn(url);
    change(answer);
    const back = `${new URL(url).searchParams.get('redirect_uri')}?${answer}`;
    pages.push(fetch(back).then(async (page) => [page.status, await page.text()]));
    return true;
  };
  return { pages, openBrowser };
}

const atTerminal = (openBrowser: (url: string) => Promise<boolean>) =>
  bareSurroundings({ isInteractive: true, openBrowser });

describe('login with a browser', () => {
  it('ends with a token, and tells both the browser and the terminal', async () => {
    const { pages, openBrowser } = person();
    const surroundings = atTerminal(openBrowser);
    const { identity, token } = await logIn({}, issuer.url, surroundings);
    expect([identity, token.split('.').length]).toEqual(['ada@example.com', 3]);
    expect(await pages[0]).toEqual([200, expect.stringContaining('logged in')]);
    expect(surroundings.notes.at(-1)).toBe(`logged in as ada@example.com at ${issuer.url}`);
  });

  it.each<[string, (answer: URLSearchParams) => void, RegExp]>([
    ['a forged state', (answer) => answer.set('state', 'forged'), /\(state\)/],
    ['no state', (answer) => answer.delete('state'), /\(state\)/],
    ['the answer of another issuer', (answer) => answer.set('iss', 'https://evil.example'), /\(iss\)/],
    ['a code that was never issued', (answer) => answer.set('code', 'made up'), /invalid_grant/],
    [
      'a refusal',
      (answer) => {
        answer.delete('code');
        answer.set('error', 'access_denied');
      },
      /access_denied/,
    ],
  ])('ends with %s, and tells the browser so', async (_what, change, message) => {
    const { pages, openBrowser } = person(change);
    await expect(logIn({}, issuer.url, atTerminal(openBrowser))).rejects.toMatchObject({
      name: 'CliError',
      exitCode: 1,
      message: expect.stringMatching(message),
    });
    expect(await pages[0]).toEqual([400, expect.stringContaining('failed')]);
  });

  it('says what is wrong with the address of an issuer', async () => {
    await expect(logIn({}, 'issuer', bareSurroundings())).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('login at another machine', () => {
  const flows: [string, LoginOptions, Parameters<typeof bareSurroundings>[0]][] = [
    ['without a terminal', {}, {}],
    ['without a browser', {}, { isInteractive: true }],
    ['on request', { fulcioAuthFlow: 'device' }, { isInteractive: true }],
  ];
  it.each(flows)('is what happens %s', async (_when, options, changes) => {
    const surroundings = bareSurroundings(changes);
    issuer.deviceErrors = ['authorization_pending'];
    expect((await logIn(options, issuer.url, surroundings)).identity).toBe('ada@example.com');
    expect(surroundings.notes.join('\n')).toContain(`${issuer.url}/go\nand enter the code BCDF-GHJK`);
  });
});

describe('other logins', () => {
  it('is that of a client with its secret', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'secret-'));
    const oidcClientSecretFile = join(directory, 'secret');
    await writeFile(oidcClientSecretFile, 'the secret\n');
    const options = { fulcioAuthFlow: 'client_credentials', oidcClientSecretFile };
    expect((await logIn(options, issuer.url, bareSurroundings())).identity).toBe('ada@example.com');
    await rm(directory, { recursive: true });
    await expect(logIn(options, issuer.url, bareSurroundings())).rejects.toMatchObject({ exitCode: 2 });
  });

  it('is none that nobody knows', async () => {
    await expect(logIn({ fulcioAuthFlow: 'implicit' }, issuer.url, bareSurroundings())).rejects.toMatchObject(
      {
        message: expect.stringContaining('want token, normal, device, client_credentials'),
        exitCode: 2,
      },
    );
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginAuthorization } from './authorization-code.ts';
import { discoverLogin } from './login-server.ts';
import { access, json, TestLoginIssuer } from './testonly/test-login-issuer.ts';

let issuer: TestLoginIssuer;
beforeAll(async () => {
  issuer = await TestLoginIssuer.start();
});
afterAll(() => issuer.stop());
beforeEach(() => issuer.reset());

const DISCOVERY = '/.well-known/openid-configuration';
const discover = (issuerUrl = issuer.url) =>
  discoverLogin({ issuerUrl, clientId: 'sigstore' }, access(fetch));

describe('discoverLogin', () => {
  it('reads the metadata of an issuer', async () => {
    const { metadata } = await discover();
    expect(metadata.token_endpoint).toBe(`${issuer.url}/token`);
  });

  it.each([
    '',
    'issuer',
    'ftp://x',
    'file:///etc/passwd',
    'http://issuer.example',
    'https://a:b@c',
    'https://x?y',
    'https://x/#y',
  ])('refuses the address %j', async (issuerUrl) => {
    await expect(discover(issuerUrl)).rejects.toMatchObject({ code: 'ISSUER_URL' });
  });

  it('does not take metadata for another issuer, however alike', async () => {
    for (const other of ['https://evil.example', `${issuer.url}/`, issuer.url.replace('http:', 'HTTP:')]) {
      issuer.metadata = { issuer: other };
      await expect(discover()).rejects.toMatchObject({ code: 'DISCOVERY' });
    }
  });

  it.each([
    ['authorization_endpoint', 'file:///usr/bin/true'],
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['authorization_endpoint', 'https://x/\n--flag'],
    ['token_endpoint', 'http://issuer.example/token'],
    ['token_endpoint', 7],
    ['device_authorization_endpoint', 'https://a:b@issuer.example/'],
    ['jwks_uri', 'no address'],
    ['code_challenge_methods_supported', 'S256'],
  ])('refuses %s %j', async (name, value) => {
    issuer.metadata = { [name]: value };
    await expect(discover()).rejects.toMatchObject({
      code: 'DISCOVERY',
      message: expect.stringContaining(name),
    });
  });

  it.each([
    ['a list', (response: Parameters<typeof json>[0]) => json(response, [])],
    ['no JSON', (response: Parameters<typeof json>[0]) => void response.end('<html>')],
    ['an error', (response: Parameters<typeof json>[0]) => json(response, {}, 500)],
    [
      'a redirect',
      (response: Parameters<typeof json>[0]) => void response.writeHead(302, { location: '/x' }).end(),
    ],
  ])('refuses %s', async (_what, answer) => {
    issuer.answers.set(DISCOVERY, answer);
    await expect(discover()).rejects.toMatchObject({ code: 'DISCOVERY' });
    expect(issuer.requests).toEqual([DISCOVERY]);
  });

  it('gives up on an issuer that sends without end, or nothing', async () => {
    issuer.answers.set(DISCOVERY, (response) => {
      const pump = (): void => void (response.destroyed || response.write('x'.repeat(65_536), pump));
      pump();
    });
    await expect(discover()).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('more than'),
    });
    issuer.answers.set(DISCOVERY, () => undefined);
    const impatient = { ...access(fetch), timeoutMs: 50 };
    await expect(discoverLogin({ issuerUrl: issuer.url, clientId: 'x' }, impatient)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('within 50 ms'),
    });
    await expect(discover('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});

describe('PKCE', () => {
  it.each([[undefined], [[]], [['plain']]])('is demanded: %j is refused', async (methods) => {
    issuer.metadata = { code_challenge_methods_supported: methods };
    const server = await discover();
    await expect(beginAuthorization(server, 'http://localhost:1/')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });

  it('is taken for granted at Microsoft, who does not list it', async () => {
    issuer.metadata = { code_challenge_methods_supported: undefined };
    const server = await discover();
    const microsoft = (host: string) =>
      beginAuthorization({ ...server, issuerUrl: `https://${host}/tenant/v2.0` }, 'http://localhost:1/');
    expect((await microsoft('login.microsoftonline.com')).url).toContain('code_challenge_method=S256');
    await expect(microsoft('login.microsoftonline.com.evil.example')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});

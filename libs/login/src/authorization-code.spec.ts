import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginAuthorization, redeemAuthorization, type PendingAuthorization } from './authorization-code.ts';
import { discoverLogin, type LoginServer } from './login-server.ts';
import { access, json, NOW, TestLoginIssuer } from './testonly/test-login-issuer.ts';

const REDIRECT = 'http://localhost:4321/auth/callback';

let issuer: TestLoginIssuer;
let server: LoginServer;
let pending: PendingAuthorization;
beforeAll(async () => {
  issuer = await TestLoginIssuer.start();
});
afterAll(() => issuer.stop());
beforeEach(async () => {
  issuer.reset();
  server = await discoverLogin({ issuerUrl: issuer.url, clientId: 'sigstore' }, access(fetch));
  pending = await beginAuthorization(server, REDIRECT);
});

const redeem = (answer: URLSearchParams) => redeemAuthorization(answer, pending, server);
const answerWith = (changes: Record<string, string | null>): URLSearchParams => {
  const answer = issuer.logIn(pending.url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) answer.delete(name);
    else answer.set(name, value);
  }
  return answer;
};
const redeemed = (): string[] => issuer.requests.filter((path) => path === '/token');

describe('beginAuthorization', () => {
  it('sends the browser with state, nonce and a challenge', () => {
    const url = new URL(pending.url);
    expect(url.origin + url.pathname).toBe(`${issuer.url}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'sigstore',
      redirect_uri: REDIRECT,
      scope: 'openid email',
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: createHash('sha256').update(pending.codeVerifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    for (const secret of [pending.state, pending.nonce, pending.codeVerifier])
      expect(secret).toMatch(/^[\w-]{43}$/);
    expect(new Set([pending.state, pending.nonce, pending.codeVerifier]).size).toBe(3);
  });

  it('keeps what the address of the page says already', async () => {
    issuer.metadata = { authorization_endpoint: `${issuer.url}/authorize?tenant=acme` };
    const other = await discoverLogin({ issuerUrl: issuer.url, clientId: 'sigstore' }, access(fetch));
    expect((await beginAuthorization(other, REDIRECT)).url).toContain('?tenant=acme&response_type=code');
  });

  it.each([
    'https://localhost/',
    'http://evil.example/',
    'http://localhost.evil.example/',
    'http://localhost/#x',
    'nothing',
  ])('does not have the code sent to %s', async (redirect) => {
    await expect(beginAuthorization(server, redirect)).rejects.toMatchObject({ code: 'REDIRECT_URI' });
  });

  it('needs a page to log in', async () => {
    issuer.metadata = { authorization_endpoint: undefined };
    const other = await discoverLogin({ issuerUrl: issuer.url, clientId: 'sigstore' }, access(fetch));
    await expect(beginAuthorization(other, REDIRECT)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('redeemAuthorization', () => {
  it('ends with a token that verifies', async () => {
    const { token, identity } = await redeem(issuer.logIn(pending.url));
    expect(token.split('.')).toHaveLength(3);
    expect(identity).toBe('ada@example.com');
  });

  it('names people without an address by their subject', async () => {
    issuer.claims = { email: undefined };
    expect((await redeem(issuer.logIn(pending.url))).identity).toBe('ada');
  });

  it('redeems a code once', async () => {
    const answer = issuer.logIn(pending.url);
    await redeem(answer);
    await expect(redeem(answer)).rejects.toMatchObject({
      code: 'DENIED',
      message: 'the exchange of the code: "invalid_grant" "the code is spent"',
    });
  });

  it.each([
    ['no state', null],
    ['an empty state', ''],
    ['another state', 'forged'],
  ])('refuses an answer with %s before anything else, and asks nobody', async (_what, state) => {
    const answer = answerWith({ state, iss: 'https://evil.example', error: 'access_denied' });
    await expect(redeem(answer)).rejects.toMatchObject({ code: 'STATE' });
    expect(redeemed()).toEqual([]);
  });

  it('refuses two states, the right one among them', async () => {
    const answer = issuer.logIn(pending.url);
    answer.append('state', 'forged');
    await expect(redeem(answer)).rejects.toMatchObject({ code: 'STATE' });
  });

  it('refuses the answer of another login', async () => {
    const other = await beginAuthorization(server, REDIRECT);
    await expect(redeem(issuer.logIn(other.url))).rejects.toMatchObject({ code: 'STATE' });
  });

  it.each([
    ['another issuer', 'https://evil.example'],
    ['no issuer', null],
  ])('refuses an answer of %s and does not show it the code', async (_what, iss) => {
    await expect(redeem(answerWith({ iss }))).rejects.toMatchObject({ code: 'ANSWER_ISSUER' });
    expect(redeemed()).toEqual([]);
  });

  it('asks for no issuer in the answer where none is promised, and refuses a wrong one still', async () => {
    issuer.metadata = { authorization_response_iss_parameter_supported: undefined };
    server = await discoverLogin({ issuerUrl: issuer.url, clientId: 'sigstore' }, access(fetch));
    expect((await redeem(answerWith({ iss: null }))).identity).toBe('ada@example.com');
    await expect(redeem(answerWith({ iss: 'https://evil.example' }))).rejects.toMatchObject({
      code: 'ANSWER_ISSUER',
    });
  });

  it('tells what the issuer says, in one line', async () => {
    const answer = answerWith({ code: null, error: 'access_denied', error_description: 'no\u001b[2J\nway' });
    await expect(redeem(answer)).rejects.toMatchObject({
      code: 'DENIED',
      message: 'the answer of the issuer: "access_denied" "no\\u001b[2J\\nway"',
    });
  });

  it.each([
    ['no code', { code: null }],
    ['an empty code', { code: '' }],
    ['a token instead', { id_token: 'eyJ.a.b' }],
    ['a code of 20,000 characters', { code: 'x'.repeat(20_000) }],
  ])('refuses an answer with %s', async (_what, changes) => {
    await expect(redeem(answerWith(changes))).rejects.toMatchObject({ code: 'ANSWER' });
    expect(redeemed()).toEqual([]);
  });

  it('refuses the token of another login (nonce)', async () => {
    issuer.claims = { nonce: 'of somebody else' };
    await expect(redeem(issuer.logIn(pending.url))).rejects.toMatchObject({ code: 'ANSWER' });
  });

  it.each([
    ['for another client', { aud: 'other' }, 'ANSWER'],
    ['of another issuer', { iss: 'https://evil.example' }, 'ANSWER'],
    ['that has expired', { exp: NOW.getTime() / 1000 - 1 }, 'TOKEN'],
    ['without an end', { exp: undefined }, 'ANSWER'],
    ['without a subject', { sub: '' }, 'TOKEN'],
  ])('refuses a token %s', async (_what, claims, code) => {
    issuer.claims = claims;
    await expect(redeem(issuer.logIn(pending.url))).rejects.toMatchObject({ code });
  });

  it('refuses a token that somebody else signed', async () => {
    const stranger = await TestLoginIssuer.start();
    issuer.answers.set('/keys', (response) => {
      void fetch(`${stranger.url}/keys`).then(async (keys) => json(response, (await keys.json()) as object));
    });
    await expect(redeem(issuer.logIn(pending.url))).rejects.toMatchObject({
      code: 'TOKEN',
      message: expect.stringContaining('signature'),
    });
    await stranger.stop();
  });

  it.each([
    ['no identity token', { access_token: 'x', token_type: 'Bearer' }],
    ['a token that is none', { access_token: 'x', token_type: 'Bearer', id_token: 'eyJ' }],
    ['dots', { access_token: 'x', token_type: 'Bearer', id_token: '.'.repeat(100_000) }],
    ['nothing', {}],
  ])('refuses an exchange that gives %s', async (_what, answer) => {
    issuer.answers.set('/token', (response) => json(response, answer));
    await expect(redeem(issuer.logIn(pending.url))).rejects.toMatchObject({ code: 'ANSWER' });
  });

  it('tells no secret in an error, its causes included', async () => {
    issuer.claims = { nonce: 'of somebody else' };
    const answer = issuer.logIn(pending.url);
    const error: unknown = await redeem(answer).catch((error: unknown) => error);
    const { inspect } = await import('node:util');
    const told = inspect(error, { depth: 20 });
    for (const secret of [answer.get('code'), pending.codeVerifier, pending.nonce, 'eyJ', 'an access token'])
      expect(told).not.toContain(secret);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLog, type Service } from '@sigstead/server';
import { decodeJwt } from 'jose';
import { challengeOf } from './authorization-codes.ts';
import { createDevelopmentIssuer } from './create-issuer.ts';

const VERIFIER = 'a-verifier-that-only-the-client-knows-0123456789';
const REDIRECT = 'http://localhost:4321/auth/callback';

let directory: string;
let service: Service;
let url: string;
let now = new Date('2026-03-01T12:00:00Z');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'login-'));
  service = await createDevelopmentIssuer({
    publicUrl: 'http://localhost:8080',
    keysDirectory: directory,
    clock: () => now,
    log: createLog('issuer', 'silent'),
  });
  url = await service.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await service.close();
  await rm(directory, { recursive: true });
});

function authorize(overrides: Record<string, string> = {}): Promise<Response> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'sigstore',
    redirect_uri: REDIRECT,
    scope: 'openid email',
    state: 'a state',
    nonce: 'a nonce',
    code_challenge: challengeOf(VERIFIER),
    code_challenge_method: 'S256',
    ...overrides,
  });
  return fetch(`${url}/issuers/email/authorize?${query}`, { redirect: 'manual' });
}

async function codeOf(response: Response): Promise<string> {
  expect(response.status).toBe(302);
  const location = new URL(response.headers.get('location') ?? '');
  expect(location.origin + location.pathname).toBe(REDIRECT);
  expect(location.searchParams.get('state')).toBe('a state');
  expect(location.searchParams.get('iss')).toBe('http://localhost:8080/issuers/email');
  return location.searchParams.get('code') ?? '';
}

async function exchange(
  code: string,
  overrides: Record<string, string> = {},
  issuer = 'email',
): Promise<{ status: number; json: Record<string, unknown> }> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: 'sigstore',
    redirect_uri: REDIRECT,
    code,
    code_verifier: VERIFIER,
    ...overrides,
  });
  const response = await fetch(`${url}/issuers/${issuer}/token`, { method: 'POST', body });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

describe('a login with a browser', () => {
  it('ends with a token for the client, its nonce in it', async () => {
    const { status, json } = await exchange(await codeOf(await authorize()));
    expect(status).toBe(200);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    expect(decodeJwt(String(json['id_token']))).toMatchObject({
      iss: 'http://localhost:8080/issuers/email',
      aud: 'sigstore',
      nonce: 'a nonce',
      email: 'developer@example.com',
    });
  });

  it('is that of the person the client hints at', async () => {
    const code = await codeOf(await authorize({ login_hint: 'ada@example.com' }));
    const { json } = await exchange(code);
    expect(decodeJwt(String(json['id_token']))).toMatchObject({ email: 'ada@example.com' });
  });

  it.each([
    ['a redirect to another machine', { redirect_uri: 'https://evil.example/callback' }, 'redirect_uri'],
    ['no challenge', { code_challenge: '' }, 'code_challenge'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'code_challenge_method'],
    ['a challenge that is no digest', { code_challenge: 'short' }, 'code_challenge'],
    ['another response type', { response_type: 'id_token' }, 'response_type'],
    ['no client', { client_id: '' }, 'client_id'],
  ])('is refused for %s', async (_title, overrides, field) => {
    const response = await authorize(overrides);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field });
  });
});

describe('a code', () => {
  it('is good once', async () => {
    const code = await codeOf(await authorize());
    expect((await exchange(code)).status).toBe(200);
    expect(await exchange(code)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it.each([
    ['another verifier', { code_verifier: 'of somebody else' }],
    ['another client', { client_id: 'other' }],
    ['another redirect', { redirect_uri: 'http://localhost:4321/other' }],
    ['a code nobody issued', { code: 'made up' }],
  ])('is refused with %s', async (_title, overrides) => {
    const code = await codeOf(await authorize());
    expect(await exchange(code, overrides)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it('is refused in the media type that strict clients want', async () => {
    const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'made up' });
    const response = await fetch(`${url}/issuers/email/token`, { method: 'POST', body });
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it('is refused at another issuer', async () => {
    const code = await codeOf(await authorize());
    expect((await exchange(code, {}, 'github')).status).toBe(400);
  });

  it('is refused after a minute', async () => {
    const code = await codeOf(await authorize());
    const before = now;
    now = new Date(before.getTime() + 61_000);
    expect((await exchange(code)).status).toBe(400);
    now = before;
  });

  it('is for no other grant', async () => {
    const answer = await exchange('any', { grant_type: 'password' });
    const error_description = 'grant_type: want authorization_code';
    expect(answer).toEqual({ status: 400, json: { error: 'unsupported_grant_type', error_description } });
  });

  it('is not needed by a client that speaks for itself', async () => {
    const { status, json } = await exchange('', { grant_type: 'client_credentials' });
    expect([status, decodeJwt(String(json['id_token']))]).toMatchObject([200, { aud: 'sigstore' }]);
  });
});

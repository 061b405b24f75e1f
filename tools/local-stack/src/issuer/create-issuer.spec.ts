import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  IssuerPool,
  parseIssuerConfiguration,
  principalOf,
  verifyToken,
  type VerifiedToken,
} from '@sigstead/oidc';
import { createLog, type Service } from '@sigstead/server';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createDevelopmentIssuer } from './create-issuer.ts';

const NOW = new Date('2026-03-01T12:00:00.900Z');
const NOW_SECONDS = 1772366400;
const PUBLIC_URL = 'http://localhost:8080';

let keysDirectory: string;
let service: Service;
let url: string;

async function start(): Promise<Service> {
  return createDevelopmentIssuer({
    publicUrl: PUBLIC_URL,
    keysDirectory,
    clock: () => NOW,
    log: createLog('issuer', 'silent'),
  });
}

beforeAll(async () => {
  keysDirectory = join(await mkdtemp(join(tmpdir(), 'issuer-')), 'keys');
  service = await start();
  url = await service.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await service.close();
  await rm(dirname(keysDirectory), { recursive: true });
});

async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

async function token(name: string, claims: Record<string, unknown> = {}): Promise<string> {
  const { status, json } = await ask(`/issuers/${name}/token`, {
    method: 'POST',
    body: JSON.stringify(claims),
  });
  expect(status).toBe(200);
  return String(json['value']);
}

/** Verified as the certificate authority does it, dialled at another address than the public one. */
function verify(name: string, compact: string): Promise<VerifiedToken> {
  const configuration = parseIssuerConfiguration(`
oidc-issuers:
  ${PUBLIC_URL}/issuers/${name}:
    client-id: sigstore
    ${name === 'email' ? 'type: email' : 'preset: github'}
    discovery-url: ${url}/issuers/${name}
`);
  return verifyToken(compact, new IssuerPool(configuration, { fetch, clock: () => NOW }), NOW);
}

describe('development issuer', () => {
  it.each(['github', 'email'])('publishes discovery and keys of %s', async (name) => {
    const { json } = await ask(`/issuers/${name}/.well-known/openid-configuration`);
    expect(json).toMatchObject({
      issuer: `${PUBLIC_URL}/issuers/${name}`,
      jwks_uri: `${PUBLIC_URL}/issuers/${name}/.well-known/jwks`,
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      claims_supported: expect.arrayContaining(['iss', 'aud', 'sub']),
    });
    const keys = await ask(`/issuers/${name}/.well-known/jwks`);
    expect(await ask(`/issuers/${name}/keys`)).toEqual(keys);
    expect(keys.json).toEqual({
      keys: [
        { kty: 'RSA', n: expect.any(String), e: 'AQAB', use: 'sig', alg: 'RS256', kid: expect.any(String) },
      ],
    });
  });

  it('answers as GitHub does where a job asks for its token', async () => {
    const { status, json } = await ask('/issuers/github/token?v=1&audience=sigstore', {
      headers: { authorization: 'bearer anything' },
    });
    expect(status).toBe(200);
    const { subjectAlternativeName, claims } = principalOf(await verify('github', String(json['value'])));
    expect(subjectAlternativeName).toEqual({
      type: 'uri',
      value: 'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main',
    });
    expect(claims.sourceRepositoryUri).toBe('https://github.com/sigstead-dev/demo');
    expect(claims).not.toHaveProperty('deploymentEnvironment');
  });

  it('writes tokens that another implementation verifies', async () => {
    const keys = (await ask('/issuers/github/keys')).json as unknown as Parameters<
      typeof createLocalJWKSet
    >[0];
    const { payload, protectedHeader } = await jwtVerify(await token('github'), createLocalJWKSet(keys), {
      issuer: `${PUBLIC_URL}/issuers/github`,
      audience: 'sigstore',
      currentDate: NOW,
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    expect(payload).toMatchObject({
      iat: NOW_SECONDS,
      nbf: NOW_SECONDS,
      exp: NOW_SECONDS + 600,
      run_attempt: '1',
    });
  });

  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic eDp5' }],
    ['an empty token', { authorization: 'bearer ' }],
  ])('gives a job no token for %s', async (_name, headers) => {
    const { status, json } = await ask('/issuers/github/token?v=1', { headers });
    expect(status).toBe(401);
    expect(json['detail']).toContain('Authorization');
  });

  it('takes the audience from the request', async () => {
    const { json } = await ask('/issuers/github/token?v=1&audience=npm', {
      headers: { authorization: 'Bearer x' },
    });
    await expect(verify('github', String(json['value']))).rejects.toMatchObject({ code: 'AUDIENCE' });
    expect(
      (await ask('/issuers/github/token?audience=a&audience=b', { headers: { authorization: 'Bearer x' } }))
        .status,
    ).toBe(400);
  });

  it('lets every claim be replaced, and what depends on it follow', async () => {
    const verified = await verify(
      'github',
      await token('github', { repository: 'acme/app', ref: 'refs/tags/v1', environment: 'production' }),
    );
    expect(verified.claims).toMatchObject({
      sub: 'repo:acme/app:environment:production',
      repository_owner: 'acme',
      workflow_ref: 'acme/app/.github/workflows/ci.yml@refs/tags/v1',
      ref_type: 'tag',
    });
    expect(principalOf(verified).claims.deploymentEnvironment).toBe('production');
  });

  it('certifies an address at the issuer for people', async () => {
    expect(principalOf(await verify('email', await token('email')))).toMatchObject({
      proofOfPossessionSubjects: ['developer@example.com'],
    });
    const ada = principalOf(await verify('email', await token('email', { email: 'ada@example.com' })));
    expect(ada.subjectAlternativeName).toEqual({ type: 'email', value: 'ada@example.com' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an expired token', { exp: NOW_SECONDS - 1 }, 'EXPIRED'],
    ['a token from the future', { nbf: NOW_SECONDS + 3600 }, 'NOT_YET_VALID'],
    ['a token of another issuer', { iss: 'https://issuer.example' }, 'ISSUER'],
    ['a token without expiry', { exp: null }, 'CLAIM'],
    ['a token without subject', { sub: null }, 'CLAIM'],
  ])('makes %s on request', async (_name, claims, code) => {
    await expect(verify('github', await token('github', claims))).rejects.toMatchObject({ code });
  });

  it('keeps its keys over a restart, for the owner only', async () => {
    const before = await ask('/issuers/github/keys');
    const again = await start();
    const other = await (await fetch(`${await again.listen(0, '127.0.0.1')}/issuers/github/keys`)).json();
    await again.close();
    expect(other).toEqual(before.json);
    expect((await readdir(keysDirectory)).sort()).toEqual(['email.pem', 'github.pem']);
    expect((await stat(join(keysDirectory, 'github.pem'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['an unknown issuer', '/issuers/gitlab/token', '{}', 404],
    ['claims that are no object', '/issuers/github/token', '[]', 400],
    ['claims that are no JSON', '/issuers/github/token', '{', 400],
    ['claims nested too deep', '/issuers/github/token', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 400],
    ['too many claims', '/issuers/github/token', `{"a":"${'x'.repeat(20_000)}"}`, 413],
  ])('refuses %s', async (_name, path, body, status) => {
    expect((await ask(path, { method: 'POST', body })).status).toBe(status);
  });
});

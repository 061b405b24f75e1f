import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLog, type Service } from '@sigstead/server';
import { decodeJwt } from 'jose';
import { challengeOf } from './authorization-codes.ts';
import { createDevelopmentIssuer } from './create-issuer.ts';

const VERIFIER = 'a-verifier-that-only-the-client-knows-0123456789';

let directory: string;
let service: Service;
let url: string;
let now = new Date('2026-03-01T12:00:00Z');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'device-'));
  service = await createDevelopmentIssuer({
    publicUrl: 'http://localhost:8080',
    keysDirectory: directory,
    clock: () => now,
    log: createLog('issuer', 'silent'),
  });
  url = `${await service.listen(0, '127.0.0.1')}/issuers/email`;
});
afterAll(async () => {
  await service.close();
  await rm(directory, { recursive: true });
});

const pass = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1000);
};

async function post(path: string, fields: Record<string, string>): Promise<{ status: number; json: Answer }> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  const text = await response.text();
  return { status: response.status, json: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer };
}

type Answer = Record<string, unknown> & { device_code: string; user_code: string; error?: string };

async function begin(overrides: Record<string, string> = {}): Promise<Answer> {
  const { status, json } = await post('/device_authorization', {
    client_id: 'sigstore',
    scope: 'openid email',
    code_challenge: challengeOf(VERIFIER),
    code_challenge_method: 'S256',
    ...overrides,
  });
  expect(status).toBe(200);
  return json;
}

function poll({ device_code }: Answer, overrides: Record<string, string> = {}): ReturnType<typeof post> {
  pass(1);
  return post('/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: 'sigstore',
    device_code,
    code_verifier: VERIFIER,
    ...overrides,
  });
}

describe('a login without a browser', () => {
  it('waits until somebody approves it, and gives one token', async () => {
    const device = await begin();
    expect(device).toMatchObject({
      user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
      verification_uri: 'http://localhost:8080/issuers/email/device',
      verification_uri_complete: `http://localhost:8080/issuers/email/device?user_code=${device.user_code}`,
      expires_in: 300,
      interval: 1,
    });
    expect(await poll(device)).toMatchObject({ status: 400, json: { error: 'authorization_pending' } });
    const typed = device.user_code.replace('-', ' ').toLowerCase();
    expect((await post('/device', { user_code: typed, decision: 'approve' })).status).toBe(200);
    const { status, json } = await poll(device);
    expect([status, decodeJwt(String(json['id_token']))]).toMatchObject([200, { aud: 'sigstore' }]);
    expect(await poll(device)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it('is told when somebody refuses it', async () => {
    const device = await begin();
    await post('/device', { user_code: device.user_code, decision: 'deny' });
    expect(await poll(device)).toMatchObject({ status: 400, json: { error: 'access_denied' } });
  });

  it('is told to be patient', async () => {
    const device = await begin();
    await poll(device);
    pass(-1);
    expect(await poll(device)).toMatchObject({ status: 400, json: { error: 'slow_down' } });
  });

  it('ends after five minutes', async () => {
    const device = await begin();
    pass(301);
    expect((await post('/device', { user_code: device.user_code })).status).toBe(400);
    expect(await poll(device)).toMatchObject({ status: 400, json: { error: 'expired_token' } });
  });

  it.each([
    ['another verifier', { code_verifier: 'of somebody else' }],
    ['another client', { client_id: 'other' }],
    ['a code nobody issued', { device_code: 'made up' }],
  ])('is refused with %s', async (_title, overrides) => {
    const device = await begin();
    await post('/device', { user_code: device.user_code });
    expect(await poll(device, overrides)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it('is not begun without a client, nor with a challenge that is none', async () => {
    for (const fields of [
      { scope: 'openid' },
      { client_id: 'sigstore', code_challenge: 'short', code_challenge_method: 'S256' },
      { client_id: 'sigstore', code_challenge: challengeOf(VERIFIER), code_challenge_method: 'plain' },
    ]) {
      expect(await post('/device_authorization', fields as Record<string, string>)).toMatchObject({
        status: 400,
        json: { error: 'invalid_request' },
      });
    }
  });

  it('has a page that repeats nothing but a code', async () => {
    const page = await fetch(`${url}/device?user_code=${encodeURIComponent('"><script>')}`);
    expect([page.headers.get('content-type'), await page.text()]).toEqual([
      'text/html; charset=utf-8',
      expect.not.stringContaining('script'),
    ]);
  });
});

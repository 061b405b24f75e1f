import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OidcError } from './errors.ts';
import type { IssuerFetch } from './fetch-json.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { IssuerPool } from './issuer-pool.ts';
import {
  DISCOVERY_PATH,
  generateTestKey,
  githubClaims,
  KEYS_PATH,
  signTestToken,
  TestIssuer,
  type TestKey,
} from './testonly/test-issuer.ts';
import { verifyToken } from './verify-token.ts';

const START = new Date('2026-03-01T12:00:00Z');

let issuer: TestIssuer;
let key: TestKey;
let nextKey: TestKey;
let now: Date;
let pool: IssuerPool;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  [key, nextKey] = await Promise.all([generateTestKey('RS256', 'one'), generateTestKey('RS256', 'two')]);
});
afterAll(() => issuer.stop());
beforeEach(() => {
  issuer.reset();
  issuer.keys = [key.jwk];
  now = START;
  pool = poolOf();
});

function poolOf(
  overrides: Partial<IssuerConfig> = {},
  options: { fetch?: IssuerFetch; timeoutMs?: number } = {},
): IssuerPool {
  const config = {
    issuerUrl: issuer.url,
    clientId: 'sigstore',
    type: 'email',
    skipEmailVerification: false,
    ...overrides,
  } as IssuerConfig;
  return new IssuerPool(
    { issuers: [config], metaIssuers: [], ignored: [] },
    { fetch, clock: () => now, timeoutMs: 20_000, ...options },
  );
}

const after = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

/** Verifies a fresh token and says how that ended. */
async function outcome(issuers = pool, signer = key, kid?: string): Promise<string> {
  const token = await signTestToken(
    signer,
    githubClaims(issuers.configuration.issuers[0]?.issuerUrl ?? '', now.getTime() / 1000),
    kid === undefined ? {} : { kid },
  );
  return verifyToken(token, issuers, now).then(
    () => 'accepted',
    (error: OidcError) => `${error.code}: ${error.message}`,
  );
}

describe('keys of an issuer', () => {
  it('are not looked up before a token comes, and then once', async () => {
    expect(issuer.requests).toEqual([]);
    expect(await Promise.all([outcome(), outcome(), outcome()])).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ]);
    expect(issuer.requests).toEqual([DISCOVERY_PATH, KEYS_PATH]);
  });

  it('are looked up once more for a flood of unknown key ids', async () => {
    await outcome();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => outcome(pool, key, `made-up-${i}`)),
    );
    expect(new Set(outcomes.map((text) => text.split(':')[0]))).toEqual(new Set(['UNKNOWN_KEY']));
    for (let i = 0; i < 20; i++) await outcome(pool, key, `later-${i}`);
    expect(issuer.requests).toHaveLength(4);
    after(30_000);
    await outcome(pool, key, 'made-up-again');
    expect(issuer.requests).toHaveLength(6);
  });

  it('are found after a rotation', async () => {
    await outcome();
    issuer.keys = [key.jwk, nextKey.jwk];
    expect(await outcome(pool, nextKey)).toBe('accepted');
  });

  it('stop counting ten minutes after they were withdrawn', async () => {
    await outcome();
    issuer.keys = [nextKey.jwk];
    expect(await outcome()).toBe('accepted');
    after(600_000);
    expect(await outcome()).toMatch(/^UNKNOWN_KEY/);
  });

  it('outlive an outage of the issuer for an hour', async () => {
    await outcome();
    issuer.answers.set(DISCOVERY_PATH, (response) => response.writeHead(503).end());
    after(3_599_000);
    expect(await outcome()).toBe('accepted');
    after(1_000);
    expect(await outcome()).toMatch(/^DISCOVERY: .*answered 503, want 200/);
  });

  it('are given without waiting for an issuer that is known to be down and hangs', async () => {
    let answer: IssuerFetch = fetch;
    const down = poolOf({}, { fetch: (...call) => answer(...call) });
    expect(await outcome(down)).toBe('accepted');
    answer = () => Promise.reject(new Error('no route'));
    after(600_000);
    expect(await outcome(down)).toBe('accepted');
    let giveUp = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = () => {
        resolve();
        return new Promise((_, reject) => (giveUp = () => reject(new Error('at last'))));
      };
    });
    after(2_000);
    expect(await outcome(down)).toBe('accepted');
    await asked;
    expect(await outcome(down)).toBe('accepted');
    giveUp();
  });

  it('are looked up beside the requests of an outage, so that its end is noticed', async () => {
    await outcome();
    issuer.answers.set(DISCOVERY_PATH, (response) => response.writeHead(503).end());
    after(600_000);
    expect(await outcome()).toBe('accepted');
    issuer.answers.clear();
    issuer.keys = [nextKey.jwk];
    after(2_000);
    expect(await outcome()).toBe('accepted');
    // Joins the look that the last request left behind, if that is still under way.
    expect(await outcome(pool, nextKey)).toBe('accepted');
    expect(await outcome()).toMatch(/^UNKNOWN_KEY/);
  });

  it('are looked up again soon after a failure, and not for every request meanwhile', async () => {
    issuer.answers.set(DISCOVERY_PATH, (response) => response.writeHead(500).end());
    for (let i = 0; i < 5; i++) expect(await outcome()).toMatch(/^DISCOVERY/);
    expect(issuer.requests).toHaveLength(1);
    issuer.answers.clear();
    after(2_000);
    expect(await outcome()).toBe('accepted');
  });

  it('are looked up again when the clock was set back', async () => {
    await outcome();
    after(-60_000);
    await outcome();
    expect(issuer.requests).toHaveLength(4);
  });

  it('can be pinned, and then nothing is dialled', async () => {
    const pinned = poolOf(
      { jwks: { keys: [key.jwk] } as never },
      { fetch: () => Promise.reject(new Error('dialled')) },
    );
    expect(await outcome(pinned)).toBe('accepted');
    expect(await outcome(pinned, nextKey)).toMatch(/^UNKNOWN_KEY/);
  });
});

describe('discovery', () => {
  it('refuses a document that speaks for another issuer', async () => {
    issuer.discovery = { issuer: `${issuer.url}/` };
    expect(await outcome()).toMatch(/^DISCOVERY: .*speaks for/);
  });

  it('follows no redirect, neither for the document nor for the keys', async () => {
    const redirect = (response: ServerResponse): void => {
      response.writeHead(302, { location: `${issuer.url}/elsewhere` }).end();
    };
    issuer.answers.set(DISCOVERY_PATH, redirect);
    expect(await outcome()).toMatch(/^DISCOVERY: .*redirect/);
    issuer.answers.delete(DISCOVERY_PATH);
    issuer.answers.set(KEYS_PATH, redirect);
    expect(await outcome(poolOf())).toMatch(/^JWKS: .*redirect/);
    expect(issuer.requests).not.toContain('/elsewhere');
  });

  it.each([
    ['no keys address', undefined],
    ['another scheme', 'file:///etc/passwd'],
    ['plain http to another host', 'http://10.0.0.1/keys'],
    ['credentials', 'https://user:secret@keys.example/'],
    ['no URL', 'keys'],
  ])('refuses %s', async (_name, address) => {
    issuer.discovery = { jwks_uri: address };
    expect(await outcome()).toMatch(/^(DISCOVERY|JWKS): /);
    expect(issuer.requests).toEqual([DISCOVERY_PATH]);
  });

  it('does not let a public issuer point at this machine over plain http', async () => {
    const answer = { issuer: 'https://issuer.example', jwks_uri: `${issuer.url}${KEYS_PATH}` };
    const outside: IssuerFetch = () => Promise.resolve(new Response(JSON.stringify(answer)));
    expect(await outcome(poolOf({ issuerUrl: 'https://issuer.example' }, { fetch: outside }))).toMatch(
      /^JWKS: .*not https/,
    );
    expect(issuer.requests).toEqual([]);
  });

  it('dials the issuer where the configuration says, its keys too', async () => {
    const publicUrl = 'http://issuer.public.example:8090';
    issuer.discovery = { issuer: publicUrl, jwks_uri: `${publicUrl}${KEYS_PATH}` };
    expect(await outcome(poolOf({ issuerUrl: publicUrl, discoveryUrl: issuer.url }))).toBe('accepted');
    expect(issuer.requests).toEqual([DISCOVERY_PATH, KEYS_PATH]);
  });

  it.each([
    ['an array', '[]'],
    ['no JSON', '<html>'],
    ['deep JSON', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['a huge document', `{"a":"${'x'.repeat(70_000)}"}`],
    ['algorithms that are no list', undefined],
  ])('refuses %s', async (_name, body) => {
    issuer.discovery = { id_token_signing_alg_values_supported: 'none' };
    if (body !== undefined) issuer.answers.set(DISCOVERY_PATH, (response) => response.end(body));
    expect(await outcome()).toMatch(/^DISCOVERY: /);
  });

  it('gives up on an issuer that cannot be reached', async () => {
    const gone = await TestIssuer.start();
    const { url } = gone;
    await gone.stop();
    expect(await outcome(poolOf({ issuerUrl: url }))).toMatch(/^DISCOVERY: .*could not be reached/);
  });
});

describe('key sets', () => {
  it.each([
    ['no set', '{}'],
    ['keys that are no list', '{"keys":{}}'],
    ['an empty set', '{"keys":[]}'],
    [
      'encryption and symmetric keys only',
      '{"keys":[{"kty":"RSA","use":"enc"},{"kty":"oct","k":"AAAA"},7,null]}',
    ],
    [
      'more than a hundred keys',
      JSON.stringify({ keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }),
    ],
    ['a huge body', `{"keys":["${'x'.repeat(300_000)}"]}`],
  ])('with %s are refused', async (_name, body) => {
    issuer.answers.set(KEYS_PATH, (response) => response.end(body));
    expect(await outcome()).toMatch(/^JWKS: /);
  });

  it('without an end are cut off at the bound', async () => {
    let sent = 0;
    issuer.answers.set(KEYS_PATH, (response) => {
      const chunk = Buffer.alloc(16_384, 0x20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await outcome()).toMatch(/^JWKS: .*larger than 262144 bytes/);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  it('that do not come in time are not waited for', async () => {
    issuer.answers.set(KEYS_PATH, (response) => {
      response.write('{"keys":[');
    });
    expect(await outcome(poolOf({}, { timeoutMs: 1_000 }))).toMatch(
      /^JWKS: .*no complete answer within 1000 ms/,
    );
  });

  it('ignore keys for other uses and other algorithms', async () => {
    issuer.keys = [
      { ...key.jwk, alg: 'RS512' },
      { ...key.jwk, use: 'enc' },
      { ...key.jwk, key_ops: ['sign'] },
    ];
    expect(await outcome()).toMatch(/^UNKNOWN_KEY/);
  });
});

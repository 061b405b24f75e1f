import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OidcError } from './errors.ts';
import type { IssuerFetch } from './fetch-json.ts';
import type { IssuerConfig, IssuerConfiguration, MetaIssuerConfig } from './issuer-config.ts';
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

const now = new Date('2026-03-01T12:00:00Z');
const clock = () => now;

let server: TestIssuer;
let key: TestKey;

beforeAll(async () => {
  server = await TestIssuer.start();
  key = await generateTestKey('RS256', 'one');
});
afterAll(() => server.stop());
beforeEach(() => {
  server.reset();
  server.keys = [key.jwk];
});

const fixed = (changes: Partial<IssuerConfig> = {}): IssuerConfig =>
  ({
    issuerUrl: server.url,
    clientId: 'sigstore',
    type: 'email',
    skipEmailVerification: false,
    ...changes,
  }) as IssuerConfig;
const configurationOf = (
  issuers: IssuerConfig[],
  metaIssuers: MetaIssuerConfig[] = [],
): IssuerConfiguration => ({ issuers, metaIssuers, ignored: [] });

const outcome = async (pool: IssuerPool, issuerUrl: string): Promise<string> =>
  verifyToken(await signTestToken(key, githubClaims(issuerUrl, now.getTime() / 1000)), pool, now).then(
    () => 'accepted',
    (error: OidcError) => `${error.code}: ${error.message}`,
  );

describe('a pool after a change of the configuration', () => {
  const both = () => server.requests.filter((path) => path === DISCOVERY_PATH).length;

  it('keeps the keys of issuers that are dialled as before', async () => {
    const before = new IssuerPool(configurationOf([fixed()]), { fetch, clock });
    expect(await outcome(before, server.url)).toBe('accepted');
    const other = fixed({ issuerUrl: 'https://new.example' });
    const configuration = configurationOf([other, fixed({ clientId: 'other' })]);
    const after = new IssuerPool(configuration, { fetch, clock, previous: before });
    expect(await outcome(after, server.url)).toMatch(/^AUDIENCE/);
    expect(both()).toBe(1);
  });

  it.each([
    { caCertificates: '-----BEGIN CERTIFICATE-----' },
    { allowInsecureHttp: true },
    { discoveryUrl: 'http://127.0.0.1:9' },
  ])('asks again when it is dialled otherwise: %j', async (change) => {
    const before = new IssuerPool(configurationOf([fixed()]), { fetch, clock });
    await outcome(before, server.url);
    const { provider } = before.find(server.url) ?? {};
    const after = new IssuerPool(configurationOf([fixed(change)]), { fetch, clock, previous: before });
    expect(provider).toBeDefined();
    expect(after.find(server.url)?.provider).not.toBe(provider);
  });

  it('takes newly pinned keys, not those that were fetched', async () => {
    const before = new IssuerPool(configurationOf([fixed()]), { fetch, clock });
    expect(await outcome(before, server.url)).toBe('accepted');
    const other = await generateTestKey('RS256', 'one');
    const pinned = fixed({ jwks: { keys: [other.jwk] } } as never);
    const after = new IssuerPool(configurationOf([pinned]), { fetch, clock, previous: before });
    expect(await outcome(after, server.url)).toMatch(/^SIGNATURE/);
  });

  it('knows no issuer that was taken out', async () => {
    const before = new IssuerPool(configurationOf([fixed()]), { fetch, clock });
    await outcome(before, server.url);
    const after = new IssuerPool(configurationOf([fixed({ issuerUrl: 'https://new.example' })]), {
      fetch,
      clock,
      previous: before,
    });
    expect(await outcome(after, server.url)).toMatch(/^ISSUER/);
  });
});

describe('issuers known by a pattern', () => {
  const meta: MetaIssuerConfig = {
    issuerPattern: 'https://oidc.*.example/id/*',
    clientId: 'sigstore',
    type: 'kubernetes',
  };
  const cluster = (name: string) => `https://oidc.eu.example/id/${name}`;
  /** Every issuer of the pattern, over no network: the documents are the issuer's own. */
  const dialled: string[] = [];
  const answering: IssuerFetch = async (url, _init, { issuerUrl }) => {
    dialled.push(url);
    const document = url.endsWith(KEYS_PATH)
      ? { keys: [key.jwk] }
      : { issuer: issuerUrl, jwks_uri: `${issuerUrl}${KEYS_PATH}` };
    return new Response(JSON.stringify(document));
  };
  beforeEach(() => {
    dialled.length = 0;
  });
  const poolWith = (fetchIssuer: IssuerFetch, previous?: IssuerPool) =>
    new IssuerPool(configurationOf([], [meta]), {
      fetch: fetchIssuer,
      clock,
      ...(previous === undefined ? {} : { previous }),
    });

  it('are verified like any other, and asked once', async () => {
    const pool = poolWith(answering);
    expect(await outcome(pool, cluster('a'))).toBe('accepted');
    expect(await outcome(pool, cluster('a'))).toBe('accepted');
    expect(dialled).toEqual([`${cluster('a')}${DISCOVERY_PATH}`, `${cluster('a')}${KEYS_PATH}`]);
    expect(pool.find(cluster('a'))?.config).toMatchObject({
      issuerUrl: cluster('a'),
      clientId: 'sigstore',
      type: 'kubernetes',
    });
  });

  it.each([
    'http://169.254.169.254/keys',
    'https://evil.example/keys',
    'https://oidc.eu.example:8443/keys',
    'https://oidc.us.example/keys',
    'https://oidc.eu.example@evil.example/keys',
  ])('do not choose what else is dialled: %s', async (jwks_uri) => {
    const issuerUrl = cluster('a');
    const pointing: IssuerFetch = async (url) => {
      dialled.push(url);
      return new Response(JSON.stringify({ issuer: issuerUrl, jwks_uri }));
    };
    expect(await outcome(poolWith(pointing), issuerUrl)).toMatch(/^DISCOVERY: issuer discovery: jwks_uri/);
    expect(dialled).toEqual([`${issuerUrl}${DISCOVERY_PATH}`]);
  });

  it('are nobody whose name is no host', () => {
    const pool = new IssuerPool(
      configurationOf([], [{ issuerPattern: 'https://*.example', clientId: 'sigstore', type: 'kubernetes' }]),
      { fetch: answering, clock },
    );
    expect(pool.find('https://xn--.example')).toBeUndefined();
  });

  it('are nobody whom the pattern does not stand for', async () => {
    const pool = poolWith(answering);
    for (const url of [cluster(''), cluster('a/b'), `https://evil.example/?${cluster('a')}`]) {
      expect(await outcome(pool, url)).toMatch(/^ISSUER: .*oidc\.\*\.example/);
    }
    expect(dialled).toEqual([]);
  });

  it('give way to the issuer configured by name', () => {
    const named = fixed({ issuerUrl: cluster('named'), clientId: 'special' });
    const pool = new IssuerPool(configurationOf([named], [meta]), { fetch: answering, clock });
    expect(pool.find(cluster('named'))?.config.clientId).toBe('special');
    expect(pool.find(cluster('other'))?.config.clientId).toBe('sigstore');
  });

  it('are forgotten in the order of their use when there are too many', async () => {
    const pool = poolWith(answering);
    for (let i = 0; i < 100; i++) await outcome(pool, cluster(`c${i}`));
    await outcome(pool, cluster('c0'));
    await outcome(pool, cluster('one-more'));
    dialled.length = 0;
    for (const name of ['c0', 'c2', 'one-more']) await outcome(pool, cluster(name));
    expect(dialled).toEqual([]);
    await outcome(pool, cluster('c1'));
    expect(dialled).toHaveLength(2);
  });

  it('are not pushed out by made-up ones', async () => {
    const pool = poolWith((url, init, access) =>
      access.issuerUrl.includes('made-up')
        ? Promise.reject(new Error('no such host'))
        : answering(url, init, access),
    );
    await outcome(pool, cluster('real'));
    for (let i = 0; i < 300; i++) expect(await outcome(pool, cluster(`made-up-${i}`))).toMatch(/^DISCOVERY/);
    dialled.length = 0;
    expect(await outcome(pool, cluster('real'))).toBe('accepted');
    expect(dialled).toEqual([]);
  });

  it('are looked up a few at a time, and a flood of made-up ones holds up nobody who is known', async () => {
    let open = 0;
    let most = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hanging: IssuerFetch = async (url, init, access) => {
      if (!access.issuerUrl.includes('made-up')) return answering(url, init, access);
      most = Math.max(most, ++open);
      await released;
      open--;
      throw new Error('no such host');
    };
    const pool = poolWith(hanging);
    expect(await outcome(pool, cluster('real'))).toBe('accepted');
    const flood = Array.from({ length: 200 }, (_, i) => outcome(pool, cluster(`made-up-${i}`)));
    const first = await Promise.race(flood);
    expect(first).toMatch(/^DISCOVERY: .*too many unknown issuers/);
    const after = poolWith(hanging, pool);
    for (const known of [pool, after]) expect(await outcome(known, cluster('real'))).toBe('accepted');
    expect(await outcome(after, cluster('made-up-later'))).toMatch(/too many unknown issuers/);
    release();
    await Promise.all(flood);
    expect(most).toBe(16);
    expect(await outcome(after, cluster('new'))).toBe('accepted');
  });

  it('keep their keys over a change of the configuration that still has the pattern', async () => {
    const before = poolWith(answering);
    await outcome(before, cluster('a'));
    dialled.length = 0;
    expect(await outcome(poolWith(answering, before), cluster('a'))).toBe('accepted');
    expect(dialled).toEqual([]);
    const without = new IssuerPool(configurationOf([]), { fetch: answering, clock, previous: before });
    expect(await outcome(without, cluster('a'))).toMatch(/^ISSUER/);
  });
});

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JWTPayload } from 'jose';
import { checkIssuer } from './check-issuer.ts';
import { checkToken, type CheckReport, type TokenStep } from './check-token.ts';
import { parseIssuerConfiguration } from './configuration/parse-issuer-configuration.ts';
import { OidcError } from './errors.ts';
import { IssuerPool } from './issuer-pool.ts';
import { principalOf } from './principal.ts';
import {
  DISCOVERY_PATH,
  generateTestKey,
  githubClaims,
  KEYS_PATH,
  signTestToken,
  TestIssuer,
  withAlgorithm,
  type TestKey,
} from './testonly/test-issuer.ts';
import { verifyToken } from './verify-token.ts';

let issuer: TestIssuer;
let key: TestKey;
let otherKey: TestKey;
let now: Date;
let pool: IssuerPool;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  [key, otherKey] = await Promise.all([generateTestKey('RS256', 'one'), generateTestKey('RS256', 'one')]);
});
afterAll(() => issuer.stop());
beforeEach(() => {
  issuer.reset();
  issuer.keys = [key.jwk];
  now = new Date();
  pool = poolOf();
});

function poolOf(
  path = '',
  changes: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): IssuerPool {
  const url = `${issuer.url}${path}`;
  const settings = { 'issuer-url': url, 'client-id': 'sigstore', type: 'email', ...changes };
  const file = { 'oidc-issuers': { [url]: settings, ...more } };
  return new IssuerPool(parseIssuerConfiguration(JSON.stringify(file)), { fetch, clock: () => now });
}

const seconds = () => Math.floor(now.getTime() / 1000);
type Claims = Readonly<Record<string, unknown>>;

const claims = (changes: Claims = {}): JWTPayload => ({
  ...githubClaims(issuer.url, seconds()),
  email: 'ada@example.com',
  email_verified: true,
  ...changes,
});
const token = (changes: Claims = {}, header = {}) => signTestToken(key, claims(changes), header);

const outcomes = ({ steps }: CheckReport, outcome: string) =>
  steps.filter((step) => step.outcome === outcome).map(({ name }) => name);
const detailOf = ({ steps }: Pick<CheckReport, 'steps'>, name: TokenStep) =>
  steps.find((step) => step.name === name)?.detail;

describe('a token that is fine', () => {
  it('passes every step, and the report says what the certificate would hold', async () => {
    const report = await checkToken(await token(), pool, now);
    expect(report.accepted).toBe(true);
    expect(outcomes(report, 'passed')).toEqual(report.steps.map(({ name }) => name));
    expect(report.principal).toMatchObject({
      subjectAlternativeName: { type: 'email', value: 'ada@example.com' },
      claims: { issuer: issuer.url },
    });
  });

  it('is never part of the report', async () => {
    const compact = await token();
    const text = JSON.stringify([
      await checkToken(compact, pool, now),
      await checkToken(`${compact}x`, pool, now),
    ]);
    for (const part of compact.split('.')) expect(text).not.toContain(part);
  });
});

describe('all faults of a token show in one look', () => {
  it('however many there are', async () => {
    const faulty = await signTestToken(
      otherKey,
      claims({ aud: 'other', exp: seconds() - 7200, sub: '', email_verified: false }),
    );
    const report = await checkToken(faulty, pool, now);
    expect(report).not.toHaveProperty('principal');
    expect([report.accepted, outcomes(report, 'failed')]).toEqual([
      false,
      ['signature', 'audience', 'expiry', 'subject'],
    ]);
    expect(outcomes(report, 'skipped')).toEqual(['identity']);
  });

  it.each<[string, Claims, TokenStep, RegExp]>([
    ['the audience', { aud: ['a', 'b'] }, 'audience', /the token is for "a", "b", want "sigstore"/],
    ['the expiry and how long ago', { exp: 1 }, 'expiry', /expired at 1970-.* \(\d+ days ago\)/],
    [
      'the time from which it is valid',
      { nbf: 9e9 },
      'not before',
      /valid from 2255-.* \(\d+ days from now\)/,
    ],
    ['the subject', { sub: undefined }, 'subject', /claim sub/],
    ['the missing email_verified', { email_verified: undefined }, 'identity', /email_verified/],
    ['the missing e-mail address', { email: undefined }, 'identity', /claim email: the token has none/],
  ])('names %s', async (_, changes, step, detail) => {
    const report = await checkToken(await token(changes), pool, now);
    expect([report.accepted, detailOf(report, step)]).toEqual([false, expect.stringMatching(detail)]);
    expect(outcomes(report, 'failed')).toEqual([step]);
  });

  it.each<[string, string, TokenStep]>([
    ['nothing', '', 'size'],
    ['a flood of dots', '.'.repeat(20_000), 'size'],
    ['no token', 'a.b', 'format'],
  ])('stops at %s', async (_, text, step) => {
    const report = await checkToken(text, pool, now);
    expect([report.accepted, outcomes(report, 'failed')]).toEqual([false, [step]]);
    expect(issuer.requests).toEqual([]);
  });

  it('tells the claims of a token whose algorithm is refused, without looking at its signature', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${part({ alg: 'none' })}.${part(claims({ aud: 'x' }))}.`;
    const report = await checkToken(none, pool, now);
    expect(outcomes(report, 'failed')).toEqual(['algorithm', 'audience']);
    expect(outcomes(report, 'skipped')).toEqual(['issuer algorithm', 'key', 'signature']);
  });

  it('tells a key the issuer does not publish, and an algorithm it does not use', async () => {
    expect(detailOf(await checkToken(await token({}, { kid: 'two' }), pool, now), 'key')).toMatch(/"two"/);
    const rs512 = await signTestToken(await withAlgorithm(key, 'RS512'), claims());
    expect(outcomes(await checkToken(rs512, pool, now), 'failed')).toEqual(['issuer algorithm', 'key']);
  });
});

describe('an issuer string that is nearly right', () => {
  const near = async (iss: string, issuers: IssuerPool): Promise<string> => {
    const report = await checkToken(await token({ iss }), issuers, now);
    expect(report.accepted).toBe(false);
    expect(outcomes(report, 'failed')[0]).toBe('issuer');
    return detailOf(report, 'issuer') ?? '';
  };

  it('by a slash at the end', async () => {
    expect(await near(`${issuer.url}/`, pool)).toMatch(/it is nearly "http:.*": it has a slash at the end/);
    expect(await near(`${issuer.url}/t`, poolOf('/t/'))).toMatch(/it lacks the slash at the end/);
  });

  it('by its scheme', async () => {
    expect(await near(issuer.url.replace('http', 'https'), pool)).toMatch(/it says https, want http/);
  });

  it('by upper and lower case', async () => {
    expect(await near(`${issuer.url}/Realms/x`, poolOf('/realms/x'))).toMatch(/upper and lower case/);
  });

  it('by its path', async () => {
    expect(await near(`${issuer.url}/realms`, poolOf('/realms/acme'))).toMatch(
      /it lacks "\/acme" at its end/,
    );
    expect(await near(`${issuer.url}/realms/acme`, poolOf('/realms'))).toMatch(/it has "\/acme" at its end/);
    expect(await near(`${issuer.url}/a`, poolOf('/b'))).toMatch(/another path, "\/a", want "\/b"/);
  });

  it('is judged on as if it were right, so that later faults show too', async () => {
    const report = await checkToken(await token({ iss: `${issuer.url}/`, aud: 'x' }), pool, now);
    expect(outcomes(report, 'failed')).toEqual(['issuer', 'audience']);
    expect(outcomes(report, 'skipped')).toEqual([]);
  });

  it.each([
    ['another host', 'https://evil.example'],
    ['a look-alike host', 'http://127.0.0.1.evil.example'],
    ['a host with a user name', 'http://127.0.0.1@evil.example'],
    ['a URN', 'urn:x'],
    ['an empty text', ''],
    ['an endless text', 'x'.repeat(5000)],
    ['a number', 7],
  ])('is not %s', async (_, iss) => {
    const report = await checkToken(await token({ iss }), pool, now);
    expect(detailOf(report, 'issuer')).not.toMatch(/nearly/);
    expect(outcomes(report, 'skipped')).toEqual(expect.arrayContaining(['discovery', 'key', 'audience']));
    expect(issuer.requests).toEqual([]);
  });
});

describe('what keeps an issuer from being asked is told apart', () => {
  const check = async (issuers = pool) => {
    const [fixed] = issuers.configuration.issuers;
    const report = await checkIssuer(fixed?.issuerUrl ?? '', issuers);
    const failed = report.steps.filter(({ outcome }) => outcome === 'failed');
    expect(report.usable).toBe(failed.length === 0);
    return failed.map(({ name, detail }) => `${name}: ${detail}`).join('\n');
  };
  const elsewhere = (url: string): IssuerPool =>
    new IssuerPool(
      parseIssuerConfiguration(
        JSON.stringify({
          'oidc-issuers': { [url]: { 'client-id': 'sigstore', type: 'email', 'allow-insecure-http': true } },
        }),
      ),
      { fetch, clock: () => now },
    );

  it('nothing does', async () => {
    expect(await check()).toBe('');
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['404', (response) => void response.writeHead(404).end(), /^discovery: .*answered 404, want 200/],
    [
      'a redirect',
      (response) => void response.writeHead(302, { location: '/' }).end(),
      /^discovery: .*redirect/,
    ],
    ['a connection that is cut', (response) => void response.destroy(), /^discovery: .*closed before/],
    ['no JSON', (response) => void response.end('<html>'), /^discovery: .*JSON/],
    [
      'another issuer',
      (response) => void response.end(JSON.stringify({ issuer: 'https://x.example' })),
      /^discovery issuer: .*speaks for "https:\/\/x\.example", want/,
    ],
    [
      'no address of keys',
      (response) => void response.end(JSON.stringify({ issuer: issuer.url })),
      /^keys: .*jwks_uri/,
    ],
  ])('by %s', async (_, answer, expected) => {
    issuer.answers.set(DISCOVERY_PATH, answer);
    expect(await check()).toMatch(expected);
  });

  it('by keys that cannot be had', async () => {
    issuer.answers.set(KEYS_PATH, (response) => void response.writeHead(500).end());
    expect(await check()).toMatch(/^keys: issuer keys from .*answered 500/);
  });

  it('by keys that are not safe', async () => {
    const weak = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(64, 0xff).toString('base64url'), kid: 'weak' };
    issuer.keys = [key.jwk, weak];
    const { steps } = await checkIssuer(issuer.url, pool);
    expect(steps.find(({ name }) => name === 'keys')).toMatchObject({
      outcome: 'warning',
      detail: expect.stringMatching(/^1 usable, for RS256; key "weak" is unusable/),
    });
  });

  it('by a name that does not resolve', async () => {
    expect(await check(elsewhere('http://issuer.invalid'))).toMatch(
      /^discovery: .*(does not resolve \(ENOTFOUND\)|name server gives no answer \(EAI_AGAIN\))/,
    );
  });

  it('by a connection that is refused', async () => {
    const gone = await TestIssuer.start();
    const { url } = gone;
    await gone.stop();
    expect(await check(elsewhere(url))).toMatch(/^discovery: .*the connection is refused \(ECONNREFUSED\)/);
  });

  it('by a host that does not speak TLS', async () => {
    expect(await check(elsewhere(issuer.url.replace('http', 'https')))).toMatch(
      /^discovery: .*does not speak TLS/,
    );
  });

  it('by silence', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { configuration } = elsewhere(url);
    const hasty = new IssuerPool(configuration, { fetch, clock: () => now, timeoutMs: 100 });
    expect(await check(hasty)).toMatch(/^discovery: .*no complete answer within 100 ms/);
    silent.close();
  });

  it('by a TLS certificate, each fault by its name', async () => {
    const failing = (code: string) =>
      new IssuerPool(elsewhere('https://issuer.example').configuration, {
        fetch: () =>
          Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('tls'), { code }) })),
        clock: () => now,
      });
    expect(await check(failing('SELF_SIGNED_CERT_IN_CHAIN'))).toMatch(/a CA that is not trusted/);
    expect(await check(failing('CERT_HAS_EXPIRED'))).toMatch(/has expired/);
    expect(await check(failing('ERR_TLS_CERT_ALTNAME_INVALID'))).toMatch(/for another name/);
    expect(await check(failing('SOMETHING_NEW'))).toMatch(/could not be reached \(SOMETHING_NEW\)/);
    expect(await check(failing('with spaces'))).toMatch(/could not be reached$/);
  });

  it('with what it is nearly when it is not configured', async () => {
    const { usable, steps } = await checkIssuer(`${issuer.url}/`, pool);
    expect([usable, steps.map(({ outcome }) => outcome)]).toEqual([
      false,
      ['failed', 'passed', 'passed', 'passed', 'passed'],
    ]);
    const unknown = await checkIssuer('https://unknown.example', pool);
    expect(unknown.steps.map(({ outcome }) => outcome)).toEqual(['failed', ...Array(4).fill('skipped')]);
  });

  it('not at all when its keys are pinned', async () => {
    const { usable, steps } = await checkIssuer(issuer.url, poolOf('', { jwks: { keys: [key.jwk] } }));
    expect([usable, issuer.requests]).toEqual([true, []]);
    expect(steps.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'skipped',
      'skipped',
      'passed',
      'skipped',
    ]);
  });
});

describe('clocks that differ', () => {
  it.each([
    [-600_000, /this machine is 10 minutes behind the issuer/],
    [600_000, /this machine is 10 minutes ahead of the issuer/],
  ])('by %i ms show by the time of the answer', async (ms, detail) => {
    const compact = await token();
    now = new Date(now.getTime() + ms);
    const report = await checkToken(compact, pool, now);
    expect(report.steps.find(({ name }) => name === 'clock')).toMatchObject({
      outcome: 'warning',
      detail: expect.stringMatching(detail),
    });
  });

  it('show by a token from the future, even where keys are pinned', async () => {
    const pinned = poolOf('', { jwks: { keys: [key.jwk] } });
    const report = await checkToken(await token({ iat: seconds() + 200 }), pinned, now);
    expect([report.accepted, outcomes(report, 'warning')]).toEqual([true, ['clock']]);
    expect(detailOf(report, 'clock')).toMatch(/issued (199|200|2\d\d) seconds|3 minutes from now/);
  });

  it('do not show by what a cache repeats', async () => {
    const old = new Date(now.getTime() - 300_000).toUTCString();
    issuer.answers.set(DISCOVERY_PATH, (response) =>
      response.writeHead(200, { date: old, age: '300' }).end(JSON.stringify(issuer.document())),
    );
    expect(outcomes(await checkToken(await token(), pool, now), 'warning')).toEqual([]);
  });
});

it('judges no identity where the templates are not known', async () => {
  const provider = { type: 'ci-provider', preset: 'github' };
  const github = poolOf('', provider);
  const compact = await token();
  expect((await checkToken(compact, github, now)).principal).toBeDefined();
  const report = await checkToken(compact, github, now, { withoutTemplates: true });
  expect([report.accepted, outcomes(report, 'skipped'), report.principal]).toEqual([
    true,
    ['identity'],
    undefined,
  ]);
});

describe('the verdict', () => {
  /** Asks the certificate authority's own checks. */
  const authorityAccepts = async (compact: string, issuers: IssuerPool): Promise<boolean> => {
    try {
      principalOf(await verifyToken(compact, issuers, now));
      return true;
    } catch (error) {
      if (!(error instanceof OidcError)) throw error;
      return false;
    }
  };

  it('is the one of the certificate authority, and no step ever says otherwise', async () => {
    const changes: fc.Arbitrary<JWTPayload> = fc
      .record(
        {
          iss: fc.constantFrom(issuer.url, `${issuer.url}/`, 'https://evil.example', 7),
          aud: fc.constantFrom('sigstore', 'other', ['x', 'sigstore'], [], 7, null),
          exp: fc.constantFrom(seconds() + 60, seconds() - 1, 'soon', undefined, -1, 1e300),
          nbf: fc.constantFrom(seconds(), seconds() + 200, seconds() + 400, 'now', undefined),
          iat: fc.constantFrom(seconds(), seconds() + 500, 'now', undefined),
          sub: fc.constantFrom('me', '', 7, undefined, 'x'.repeat(3000)),
          email: fc.constantFrom('ada@example.com', 'ada', undefined, 7),
          email_verified: fc.constantFrom(true, false, 'true', undefined),
        },
        { requiredKeys: [] },
      )
      .map((record) => record as JWTPayload);
    const header = fc.record(
      { kid: fc.constantFrom('one', 'two', 7, undefined), crit: fc.constantFrom(['b64'], undefined) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        changes,
        header,
        fc.constantFrom('', 'cut', 'foreign'),
        async (change, given, damage) => {
          const { crit, ...rest } = given;
          const signed = await signTestToken(
            damage === 'foreign' ? otherKey : key,
            claims(change),
            rest as object,
          );
          const [head, ...tail] = signed.split('.');
          const withCrit =
            crit === undefined
              ? head
              : Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'one', crit })).toString('base64url');
          const whole = [withCrit, ...tail].join('.');
          const compact = damage === 'cut' ? whole.slice(0, -20) : whole;
          const accepted = await authorityAccepts(compact, pool);
          const report = await checkToken(compact, pool, now);
          expect(report.accepted).toBe(accepted);
          expect(outcomes(report, 'failed').length === 0).toBe(accepted);
          expect(report.principal !== undefined).toBe(accepted);
        },
      ),
      { numRuns: 300 },
    );
  });
});

import { createHmac, createPublicKey, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { OidcError, type OidcErrorCode } from './errors.ts';
import type { IssuerConfig, IssuerTrust } from './issuer-config.ts';
import { IssuerPool } from './issuer-pool.ts';
import { configurationOf, issuerOf } from './testonly/configuration.ts';
import {
  generateTestKey,
  githubClaims,
  signTestToken,
  TestIssuer,
  type TestKey,
  withAlgorithm,
} from './testonly/test-issuer.ts';
import { verifyToken } from './verify-token.ts';

const NOW = new Date('2026-03-01T12:00:00.250Z');
const NOW_SECONDS = Math.floor(NOW.getTime() / 1000);

let issuer: TestIssuer;
let rsa: TestKey;
let p256: TestKey;
let pool: IssuerPool;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  [rsa, p256] = await Promise.all([generateTestKey('RS256', 'rsa-1'), generateTestKey('ES256', 'ec-1')]);
});
afterAll(() => issuer.stop());
beforeEach(() => {
  issuer.reset();
  issuer.keys = [rsa.jwk, p256.jwk];
  pool = poolOf([config()]);
});

function config(overrides: Partial<IssuerTrust> = {}): IssuerConfig {
  return { ...issuerOf(issuer.url, { preset: 'github' }), ...overrides };
}

function poolOf(configs: readonly IssuerConfig[]): IssuerPool {
  return new IssuerPool(configurationOf(...configs), { fetch, clock: () => NOW, timeoutMs: 20_000 });
}

function claims(overrides: JWTPayload = {}): JWTPayload {
  return { ...githubClaims(issuer.url, NOW_SECONDS), ...overrides };
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token of any header and payload under a signature that is made, or made up, here. */
function forge(
  header: unknown,
  payload: unknown,
  signature: (input: string) => Uint8Array = () => new Uint8Array(64),
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
}

async function refusal(token: string, issuers = pool, now = NOW): Promise<OidcError> {
  const error = await verifyToken(token, issuers, now).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OidcError);
  const { message } = error as OidcError;
  if (token.length > 20) expect(message).not.toContain(token.slice(-20));
  expect(message.length).toBeLessThan(1000);
  return error as OidcError;
}

async function expectRefusal(
  token: string,
  code: OidcErrorCode,
  wanted: RegExp,
  claim?: string,
): Promise<void> {
  const error = await refusal(token);
  expect({ code: error.code, claim: error.claim }).toEqual({ code, claim });
  expect(error.message).toMatch(wanted);
}

describe('verifyToken', () => {
  it('accepts a token of a configured issuer', async () => {
    const verified = await verifyToken(await signTestToken(rsa, claims()), pool, NOW);
    expect(verified.subject).toBe('repo:octo/app:ref:refs/heads/main');
    expect(verified.issuer.issuerUrl).toBe(issuer.url);
    expect(verified.claims['run_id']).toBe('123456');
  });

  it.each([['at+jwt'], ['anything'], [undefined]])('does not mind the type %s in the header', async (typ) => {
    const token = await signTestToken(rsa, claims(), typ === undefined ? {} : { typ });
    await expect(verifyToken(token, pool, NOW)).resolves.toBeDefined();
  });

  it('accepts every algorithm of the list that the issuer announces', async () => {
    for (const algorithm of [
      'RS384',
      'RS512',
      'PS256',
      'PS384',
      'PS512',
      'ES256',
      'ES384',
      'ES512',
      'EdDSA',
    ]) {
      const key = /^[RP]S/.test(algorithm)
        ? await withAlgorithm(rsa, algorithm)
        : await generateTestKey(algorithm, `key-${algorithm}`);
      issuer.keys = [key.jwk];
      issuer.discovery = { id_token_signing_alg_values_supported: [algorithm, 'HS256', 'none'] };
      await expect(
        verifyToken(await signTestToken(key, claims()), poolOf([config()]), NOW),
      ).resolves.toBeDefined();
    }
  });

  it('accepts a token without a key id signed by any key of the set', async () => {
    const other = await generateTestKey('RS256', 'rsa-2');
    issuer.keys = [other.jwk, rsa.jwk];
    const token = forge({ alg: 'RS256' }, claims(), (input) => rsaSign(rsa, input));
    await expect(verifyToken(token, pool, NOW)).resolves.toBeDefined();
  });
});

describe('verifyToken refuses by form', () => {
  it('no token', () => expectRefusal('', 'TOKEN_SIZE', /none was given/));
  it('a token over the size bound, before looking at it', () =>
    expectRefusal('.'.repeat(16_385), 'TOKEN_SIZE', /at most 16384/));
  it('a token of dots', () => expectRefusal('.'.repeat(16_000), 'TOKEN_FORMAT', /three parts/));
  it.each([['garbage'], ['a.b'], ['a.b.c.d'], ['a.b.c.d.e']])('another number of parts: %s', (token) =>
    expectRefusal(token, 'TOKEN_FORMAT', /three parts/),
  );
  it('a header that is not base64url', () => expectRefusal('e30=.e30.', 'TOKEN_FORMAT', /header.*base64/));
  it('a payload that is not JSON', () =>
    expectRefusal(`${encode({ alg: 'RS256' })}.${encode('{')}.AAAA`, 'TOKEN_FORMAT', /payload.*JSON/));
  it('a payload that is not UTF-8', () =>
    expectRefusal(`${encode({ alg: 'RS256' })}._w.AAAA`, 'TOKEN_FORMAT', /payload.*UTF-8/));
  it.each([['[]'], ['null'], ['"x"'], ['1']])('a payload that is no object: %s', (payload) =>
    expectRefusal(forge({ alg: 'RS256' }, payload), 'TOKEN_FORMAT', /want a JSON object/),
  );
  it('deeply nested JSON', () =>
    expectRefusal(
      forge({ alg: 'RS256' }, `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`),
      'TOKEN_FORMAT',
      /nested deeper/,
    ));
  it('a signature that is not base64url', () =>
    expectRefusal(`${encode({ alg: 'RS256' })}.${encode(claims())}.!!`, 'TOKEN_FORMAT', /signature/));
  it('a key id that is not text', () =>
    expectRefusal(forge({ alg: 'RS256', kid: 7 }, claims()), 'TOKEN_FORMAT', /kid is not a string/, 'kid'));
});

describe('verifyToken refuses by algorithm and header', () => {
  it.each([['none'], ['None'], ['HS256'], ['HS512'], ['RSA1_5'], ['ES256K'], ['constructor']])(
    'algorithm %s',
    (alg) => expectRefusal(forge({ alg, kid: 'rsa-1' }, claims()), 'ALGORITHM', /want one of RS256/, 'alg'),
  );
  it('no algorithm', () => expectRefusal(forge({}, claims()), 'ALGORITHM', /says nothing/, 'alg'));
  it('an unsigned token', () =>
    expectRefusal(`${encode({ alg: 'none' })}.${encode(claims())}.`, 'ALGORITHM', /"none"/, 'alg'));

  it('HS256 with the public key as the secret', async () => {
    const publicKey = createPublicKey({ key: rsa.jwk as Record<string, string>, format: 'jwk' });
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    ]) {
      const token = forge({ alg: 'HS256', kid: 'rsa-1' }, claims(), (input) =>
        createHmac('sha256', secret).update(input).digest(),
      );
      await expectRefusal(token, 'ALGORITHM', /"HS256"/, 'alg');
    }
    expect(issuer.requests).toEqual([]);
  });

  it('critical extensions', async () => {
    const token = forge({ alg: 'RS256', kid: 'rsa-1', crit: ['b64'], b64: false }, claims());
    await expectRefusal(token, 'CRITICAL_HEADER', /crit/, 'crit');
  });

  it('an algorithm the issuer does not announce', async () => {
    await expectRefusal(await signTestToken(p256, claims()), 'ALGORITHM', /"ES256".*signs with RS256/, 'alg');
  });

  it('anything but RS256 when the issuer announces nothing', async () => {
    issuer.discovery = { id_token_signing_alg_values_supported: undefined };
    await expectRefusal(await signTestToken(p256, claims()), 'ALGORITHM', /signs with RS256/, 'alg');
    await expect(verifyToken(await signTestToken(rsa, claims()), pool, NOW)).resolves.toBeDefined();
  });

  it('a key that comes with the token', async () => {
    const attacker = await generateTestKey('RS256', 'rsa-1');
    const header = { jwk: attacker.jwk, jku: `${issuer.url}/evil`, x5u: `${issuer.url}/evil`, x5c: ['AAAA'] };
    await expectRefusal(await signTestToken(attacker, claims(), header), 'SIGNATURE', /does not verify/);
    expect(issuer.requests).not.toContain('/evil');
  });
});

describe('verifyToken refuses by issuer', () => {
  it.each([
    ['another issuer', 'https://token.actions.githubusercontent.com'],
    ['a trailing slash', () => `${issuer.url}/`],
    ['another case', () => issuer.url.replace('http', 'HTTP')],
    ['an enterprise slug', () => `${issuer.url}/octo`],
    ['a longer host', () => `${issuer.url}.evil.example`],
    ['credentials', () => issuer.url.replace('//', '//x@')],
    ['a dot segment', () => `${issuer.url}/octo/..`],
    ['a prototype name', '__proto__'],
  ])('%s', async (_name, iss) => {
    const token = await signTestToken(rsa, claims({ iss: typeof iss === 'string' ? iss : iss() }));
    await expectRefusal(token, 'ISSUER', /want exactly one of/, 'iss');
    expect(issuer.requests).toEqual([]);
  });

  it('an issuer that is not text or absent', async () => {
    await expectRefusal(
      forge({ alg: 'RS256' }, { ...claims(), iss: [issuer.url] }),
      'ISSUER',
      /an array/,
      'iss',
    );
    await expectRefusal(forge({ alg: 'RS256' }, {}), 'ISSUER', /from nothing/, 'iss');
  });
});

describe('verifyToken refuses by signature', () => {
  it('a changed payload', async () => {
    const [header, , signature] = (await signTestToken(rsa, claims())).split('.');
    await expectRefusal(
      `${header}.${encode(claims({ sub: 'repo:evil/app' }))}.${signature}`,
      'SIGNATURE',
      /does not verify/,
    );
  });

  it('a signature by another key under a known key id', async () => {
    const other = await generateTestKey('RS256', 'rsa-1');
    await expectRefusal(await signTestToken(other, claims()), 'SIGNATURE', /does not verify/);
  });

  it('a signature by the key of another algorithm', async () => {
    await expectRefusal(
      await signTestToken(rsa, claims(), { kid: 'ec-1' }),
      'UNKNOWN_KEY',
      /no RS256 key with id "ec-1"/,
      'kid',
    );
  });

  it('an empty signature', async () => {
    const token = await signTestToken(rsa, claims());
    await expectRefusal(token.slice(0, token.lastIndexOf('.') + 1), 'SIGNATURE', /does not verify/);
  });

  it('a key at infinity or off the curve that the issuer publishes', async () => {
    issuer.discovery = { id_token_signing_alg_values_supported: ['ES256'] };
    const zero = Buffer.alloc(32).toString('base64url');
    for (const jwk of [
      { x: zero, y: zero },
      { x: '', y: '' },
      { x: p256.jwk.x as string, y: p256.jwk.x as string },
    ]) {
      issuer.keys = [{ kty: 'EC', crv: 'P-256', kid: 'bad', ...jwk }, p256.jwk];
      const token = forge({ alg: 'ES256', kid: 'bad' }, claims());
      const error = await refusal(token, poolOf([config()]));
      expect(error).toMatchObject({ code: 'KEY_REFUSED', claim: 'kid' });
      // The other key of the set still works.
      await expect(
        verifyToken(await signTestToken(p256, claims()), poolOf([config()]), NOW),
      ).resolves.toBeDefined();
    }
  });

  it('a weak RSA key that the issuer publishes', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    issuer.keys = [{ ...(publicKey.export({ format: 'jwk' }) as object), kty: 'RSA', kid: 'weak' }];
    const token = forge({ alg: 'RS256', kid: 'weak' }, claims(), (input) =>
      sign('sha256', Buffer.from(input), privateKey),
    );
    await expectRefusal(token, 'KEY_REFUSED', /"weak" is unusable/, 'kid');
  });
});

describe('verifyToken refuses by claim', () => {
  it.each<[string, unknown]>([
    ['another audience', 'npm'],
    ['a look-alike audience', 'sigstore '],
    ['a list without ours', ['npm', 'sigstore.dev']],
    ['an empty list', []],
    ['no audience', undefined],
    ['an object', { sigstore: true }],
  ])('%s', async (_name, aud) => {
    await expectRefusal(
      await signTestToken(rsa, claims({ aud: aud as string })),
      'AUDIENCE',
      /want "sigstore"/,
      'aud',
    );
  });

  it('accepts a list with our audience', async () => {
    const token = await signTestToken(rsa, claims({ aud: ['npm', 'sigstore'] }));
    await expect(verifyToken(token, pool, NOW)).resolves.toBeDefined();
  });

  it('a token from its expiry on, without leeway', async () => {
    const token = await signTestToken(rsa, claims({ exp: NOW_SECONDS }));
    const exp = NOW_SECONDS * 1000;
    await expect(verifyToken(token, pool, new Date(exp - 1))).resolves.toBeDefined();
    for (const late of [exp, exp + 1, exp + 3_600_000]) {
      const error = await refusal(token, pool, new Date(late));
      expect(error).toMatchObject({ code: 'EXPIRED', claim: 'exp' });
      expect(error.message).toContain('expired at 2026-03-01T12:00:00.000Z');
    }
  });

  it('a token before its time, with five minutes of leeway', async () => {
    const token = await signTestToken(rsa, claims({ nbf: NOW_SECONDS, exp: NOW_SECONDS + 600 }));
    const from = (NOW_SECONDS - 300) * 1000;
    await expect(verifyToken(token, pool, new Date(from))).resolves.toBeDefined();
    expect(await refusal(token, pool, new Date(from - 1))).toMatchObject({
      code: 'NOT_YET_VALID',
      claim: 'nbf',
    });
  });

  it('a token without expiry', async () => {
    await expectRefusal(
      await signTestToken(rsa, claims({ exp: undefined as unknown as number })),
      'CLAIM',
      /want the claim exp/,
      'exp',
    );
  });

  it.each<[string, unknown]>([
    ['text', '99999999999'],
    ['negative', -1],
    ['beyond time', 1e300],
    ['an array', [1]],
    ['null', null],
  ])('a time that is %s', async (_name, exp) => {
    await expectRefusal(
      await signTestToken(rsa, claims({ exp: exp as number })),
      'CLAIM',
      /not a time in seconds/,
      'exp',
    );
  });

  it.each<[string, unknown]>([
    ['no subject', undefined],
    ['an empty subject', ''],
    ['a subject that is no text', 7],
    ['a huge subject', 'x'.repeat(2049)],
  ])('%s', async (_name, sub) => {
    await expectRefusal(
      await signTestToken(rsa, claims({ sub: sub as string })),
      'CLAIM',
      /want the claim sub/,
      'sub',
    );
  });
});

function rsaSign(key: TestKey, input: string): Uint8Array {
  return sign('sha256', Buffer.from(input), KeyObject.from(key.privateKey as never));
}

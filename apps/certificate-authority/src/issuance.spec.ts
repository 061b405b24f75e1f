import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { derBitString, derOid, derSequence, encodeHex, encodePem } from '@sigstead/encoding';
import { createLog, type Service } from '@sigstead/server';
import {
  Certificate,
  embeddedScts,
  oids,
  readFulcioExtensions,
  verifyChain,
  verifyEmbeddedSct,
} from '@sigstead/x509';
import type { JWTPayload } from 'jose';
import { createCertificateAuthority } from './create-certificate-authority.ts';
import { makeTestChain, TestFiles, type TestChain } from './testonly/test-authority.ts';
import { LOG_EXTENSIONS, TestCertificateLog } from './testonly/test-certificate-log.ts';
import { call, clientKey, type Answer, type ClientKey } from './testonly/test-client.ts';
import { recordSettings, TestDatabase } from './testonly/test-database.ts';
import { githubClaims, TestIssuer } from './testonly/test-issuer.ts';

const START = new Date('2026-03-01T12:00:00.900Z');
const SUBJECT = 'repo:octo/app:ref:refs/heads/main';
const IDENTITY = 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1';
const TOKEN_ERROR = 'There was an error processing the identity token';

let files: TestFiles;
let issuer: TestIssuer;
let people: TestIssuer;
let log: TestCertificateLog;
let chain: TestChain;
let database: TestDatabase;
let service: Service;
let url: string;
let now: Date;
let logged: string;

beforeAll(async () => {
  now = START;
  files = await TestFiles.make();
  [issuer, people, log, chain, database] = await Promise.all([
    TestIssuer.start(),
    TestIssuer.start(),
    TestCertificateLog.start(),
    makeTestChain(START),
    TestDatabase.start(),
  ]);
  const issuers = {
    [issuer.url]: { 'client-id': 'sigstore', preset: 'github' },
    [people.url]: { 'client-id': 'sigstore', type: 'email' },
  };
  const config = {
    authority: await files.writeAuthority([chain.intermediate, chain.root], chain.key),
    ctLogUrl: log.url,
    ctPublicKeyFile: await files.write('ct.pub.pem', log.signer.publicKey.toPem()),
    ctTimeoutMs: 5_000,
    issuersFile: await files.write('issuers.yaml', JSON.stringify({ 'oidc-issuers': issuers })),
    issuerTimeoutMs: 20_000,
    ...(await recordSettings(files, database)),
  };
  service = await createCertificateAuthority(config, {
    clock: () => now,
    fetch,
    randomBytes,
    log: createLog('certificate-authority', 'info', (line) => {
      logged += line;
    }),
  });
  url = await service.listen(0, '127.0.0.1');
});

afterAll(async () => {
  await service.close();
  await Promise.all([issuer.stop(), people.stop(), log.stop(), files.remove(), database.stop()]);
});

beforeEach(() => {
  now = START;
  logged = '';
  log.reset();
  issuer.down = false;
});

const githubToken = (overrides: JWTPayload = {}): Promise<string> =>
  issuer.sign({ ...githubClaims(issuer.url, now), ...overrides });

function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return call(`${url}/api/v2/signingCert`, {
    method: 'POST',
    body: sent as string,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

function keyRequest(key: ClientKey, subject = SUBJECT): object {
  return {
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: key.pem },
      proofOfPossession: key.prove(subject),
    },
  };
}

async function issue(key = clientKey('P-256'), token?: string): Promise<Certificate[]> {
  const answer = await post(keyRequest(key), { authorization: `Bearer ${token ?? (await githubToken())}` });
  expect(answer).toMatchObject({ status: 200 });
  return certificatesOf(answer);
}

function certificatesOf(answer: Answer): Certificate[] {
  const body = answer.json as unknown as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  return body.signedCertificateEmbeddedSct.chain.certificates.map((pem) => Certificate.fromPem(pem));
}

function expectStatus(answer: Answer, status: number, code: number, message: string | RegExp): void {
  expect(answer.json).toEqual({
    code,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    details: [],
  });
  expect(answer).toMatchObject({ status, contentType: expect.stringContaining('application/json') });
  expect(log.chains).toEqual([]);
}

describe('a certificate', () => {
  it('comes with its chain, root included, as trimmed PEM', async () => {
    const key = clientKey('P-256');
    const answer = await post(keyRequest(key), { authorization: `Bearer ${await githubToken()}` });
    expect(answer.contentType).toContain('application/json');
    expect(Object.keys(answer.json)).toEqual(['signedCertificateEmbeddedSct']);
    const pems = (
      answer.json as unknown as { signedCertificateEmbeddedSct: { chain: { certificates: string[] } } }
    ).signedCertificateEmbeddedSct.chain.certificates;
    for (const pem of pems) expect(pem).toBe(pem.trim());
    const [leaf, ...authorities] = certificatesOf(answer) as [Certificate, ...Certificate[]];
    expect(authorities.map(({ raw }) => encodeHex(raw))).toEqual(
      [chain.intermediate, chain.root].map(({ raw }) => encodeHex(raw)),
    );
    expect(verifyChain(leaf, authorities, now, { extendedKeyUsage: oids.codeSigning })).toHaveLength(3);
    expect(encodeHex(leaf.spki)).toBe(encodeHex(key.der));
  });

  it('says who signed and is valid for ten minutes from now, not before', async () => {
    const [leaf] = (await issue()) as [Certificate];
    expect(leaf.subjectAlternativeNames).toEqual([{ type: 'uri', value: IDENTITY }]);
    expect(leaf.notBefore).toEqual(new Date('2026-03-01T12:00:00Z'));
    expect(leaf.notAfter).toEqual(new Date('2026-03-01T12:10:00Z'));
    expect(readFulcioExtensions(leaf)).toMatchObject({
      issuer: issuer.url,
      subject: SUBJECT,
      sourceRepositoryUri: 'https://github.com/octo/app',
    });
    expect(readFulcioExtensions(leaf).deploymentEnvironment).toBeUndefined();
  });

  it('has a serial number of its own, of at most 159 bits', async () => {
    const serials = await Promise.all(
      Array.from({ length: 8 }, async () => ((await issue()) as [Certificate])[0].serialNumber),
    );
    expect(new Set(serials.map(encodeHex)).size).toBe(8);
    for (const serial of serials) expect(serial.length < 20 || (serial[0] as number) < 0x80).toBe(true);
  });

  it('carries exactly the timestamp of the log, over the precertificate the log was shown', async () => {
    const [leaf] = (await issue()) as [Certificate];
    const [sct, ...more] = embeddedScts(leaf);
    if (sct === undefined) throw new Error('no timestamp');
    expect(more).toEqual([]);
    expect(sct.extensions).toEqual(LOG_EXTENSIONS);
    verifyEmbeddedSct(leaf, chain.intermediate, sct, log.signer.publicKey);
    const [precertificate, ...rest] = log.chains[0] as [Certificate, ...Certificate[]];
    expect(rest.map(({ raw }) => encodeHex(raw))).toEqual(
      [chain.intermediate, chain.root].map(({ raw }) => encodeHex(raw)),
    );
    expect(encodeHex(precertificate.tbsWithout(oids.precertificatePoison))).toBe(
      encodeHex(leaf.tbsWithout(oids.sctList)),
    );
  });

  it('shows the profile to openssl', async () => {
    const [leaf] = (await issue(clientKey('P-256'), await githubToken({ environment: 'staging' }))) as [
      Certificate,
    ];
    const text = execFileSync('openssl', ['x509', '-noout', '-text', '-nameopt', 'RFC2253'], {
      input: leaf.toPem(),
      encoding: 'utf8',
    });
    expect(text).toMatch(/Version: 3 \(0x2\)/);
    expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA384/);
    expect(text).toMatch(/Issuer: CN=issuing,O=octo/);
    expect(text).toMatch(/Not Before: Mar {2}1 12:00:00 2026 GMT\n\s+Not After : Mar {2}1 12:10:00 2026 GMT/);
    expect(text).toMatch(/Subject: *\n/);
    expect(text).toMatch(/Key Usage: critical\n\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: *\n\s+Code Signing\n/);
    expect(text).toMatch(/Subject Key Identifier: *\n\s+[0-9A-F:]{59}\n/);
    expect(text).toMatch(/Authority Key Identifier: *\n\s+(keyid:)?[0-9A-F:]{59}\n/);
    expect(text).toContain(`Subject Alternative Name: critical\n                URI:${IDENTITY}\n`);
    expect(text).toMatch(
      /CT Precertificate SCTs: *\n\s+Signed Certificate Timestamp:\n\s+Version {3}: v1 \(0x0\)/,
    );
    expect(text).not.toMatch(/Basic Constraints|Issuer Alternative Name|Poison/);
    const order = [...text.matchAll(/1\.3\.6\.1\.4\.1\.57264\.1\.(\d+):/g)].map(([, n]) => Number(n));
    expect(order).toEqual([
      1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    ]);
    // .1 to .6 hold the bare text, .8 on a UTF8String.
    expect(text).toContain(`57264.1.1: \n                ${issuer.url}\n`);
    expect(text).toContain(`57264.1.8: \n                ..${issuer.url}\n`);
    expect(text).toMatch(/57264\.1\.23: \n\s+\.\.staging\n/);
  });

  it('is what node:crypto reads and verifies', async () => {
    const [leaf] = (await issue()) as [Certificate];
    const parsed = new X509Certificate(leaf.toPem());
    expect(parsed.checkIssued(new X509Certificate(chain.intermediate.toPem()))).toBe(true);
    expect(parsed.verify(new X509Certificate(chain.intermediate.toPem()).publicKey)).toBe(true);
    expect(parsed.subjectAltName).toBe(`URI:${IDENTITY}`);
    expect(parsed.ca).toBe(false);
  });

  it.each(['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-3072', 'RSA-4096', 'Ed25519'])(
    'is issued for a key of type %s',
    async (kind) => {
      const key = clientKey(kind);
      const [leaf] = (await issue(key)) as [Certificate];
      expect(encodeHex(leaf.spki)).toBe(encodeHex(key.der));
    },
    30_000,
  );

  it('names the verified address of a person', async () => {
    const seconds = Math.floor(now.getTime() / 1000);
    const token = await people.sign({
      iss: people.url,
      aud: ['sigstore'],
      sub: '42',
      exp: seconds + 60,
      email: 'ada@example.com',
      email_verified: true,
    });
    const [leaf] = certificatesOf(
      await post(keyRequest(clientKey('P-256'), 'ada@example.com'), { authorization: `Bearer ${token}` }),
    ) as [Certificate];
    expect(leaf.subjectAlternativeNames).toEqual([{ type: 'email', value: 'ada@example.com' }]);
  });

  it('is counted, and leaves a line without the token', async () => {
    const token = await githubToken();
    await issue(clientKey('P-256'), token);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^fulcio_new_certs [1-9]/m);
    expect(metrics).toMatch(/^http_requests_total\{code="200",method="post"\} [1-9]/m);
    expect(metrics).toMatch(/^fulcio_build_info\{version="[0-9.]+",goversion="node v[0-9.]+"\} 1/m);
    expect(metrics).toMatch(/^fulcio_api_latency_count\{method="post",code="200"\} [1-9]/m);
    expect(logged).toContain(IDENTITY);
    expect(logged).not.toContain(token.slice(-30));
  });
});

describe('request dialects', () => {
  it('takes the token from the body, in both spellings of names and any content type', async () => {
    const key = clientKey('P-256');
    const camel = { ...keyRequest(key), credentials: { oidcIdentityToken: await githubToken() } };
    const snake = {
      credentials: { oidc_identity_token: await githubToken() },
      public_key_request: {
        public_key: { content: key.pem, algorithm: 'RSA' },
        proof_of_possession: key.prove(SUBJECT),
      },
      some_future_field: { x: [1] },
    };
    for (const body of [camel, snake]) {
      expect(await post(body)).toMatchObject({ status: 200 });
      expect(await post(body, { 'content-type': 'text/plain' })).toMatchObject({ status: 200 });
    }
  });

  it('prefers the token of the body', async () => {
    const body = {
      ...keyRequest(clientKey('P-256')),
      credentials: { oidcIdentityToken: await githubToken() },
    };
    expect(await post(body, { authorization: 'Bearer garbage' })).toMatchObject({ status: 200 });
  });

  it('takes the proof in either base64 alphabet, padded or not, wrapped or not', async () => {
    const key = clientKey('P-256');
    const token = await githubToken();
    const proof = key.prove(SUBJECT);
    for (const text of [
      proof,
      proof.replace(/=+$/, ''),
      proof.replace(/^.{64}/, '$&\r\n'),
      proof.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    ]) {
      const body = { publicKeyRequest: { publicKey: { content: key.pem }, proofOfPossession: text } };
      expect(await post(body, { authorization: `bearer ${token}` })).toMatchObject({ status: 200 });
    }
  });

  it('takes the proof over sub or a verified address, as clients choose, and over no other address', async () => {
    const attempt = async (claims: object, subject: string): Promise<number> => {
      const token = await issuer.sign({ ...githubClaims(issuer.url, now), ...claims });
      const { status } = await post(keyRequest(clientKey('P-256'), subject), {
        authorization: `Bearer ${token}`,
      });
      return status;
    };
    const email = 'ada@example.com';
    expect(await attempt({ email, email_verified: true }, SUBJECT)).toBe(200);
    expect(await attempt({ email, email_verified: true }, email)).toBe(200);
    expect(await attempt({ email, email_verified: false }, email)).toBe(400);
    expect(await attempt({ email }, email)).toBe(400);
  });

  it('takes a PKCS#1 key and a certificate signing request, whose names do not count', async () => {
    const rsa = clientKey('RSA-2048');
    const pkcs1 = execFileSync('openssl', ['rsa', '-pubin', '-RSAPublicKey_out'], {
      input: rsa.pem,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const authorization = `Bearer ${await githubToken()}`;
    const body = {
      publicKeyRequest: { publicKey: { content: pkcs1 }, proofOfPossession: rsa.prove(SUBJECT) },
    };
    expect(await post(body, { authorization })).toMatchObject({ status: 200 });
    const key = clientKey('P-256');
    const answer = await post(
      { certificateSigningRequest: Buffer.from(await signingRequest(key)).toString('base64') },
      { authorization },
    );
    const [leaf] = certificatesOf(answer) as [Certificate];
    expect(encodeHex(leaf.spki)).toBe(encodeHex(key.der));
    expect(leaf.subjectAlternativeNames).toEqual([{ type: 'uri', value: IDENTITY }]);
  });

  it('serves version 1 through the same checks', async () => {
    const key = clientKey('P-256');
    const request = (proof: string): RequestInit => ({
      method: 'POST',
      body: JSON.stringify({
        publicKey: { content: Buffer.from(key.pem).toString('base64'), algorithm: 'ecdsa' },
        signedEmailAddress: proof,
      }),
    });
    const authorization = `Bearer ${await githubToken()}`;
    const answer = await call(`${url}/api/v1/signingCert`, {
      ...request(key.prove(SUBJECT)),
      headers: { authorization },
    });
    expect(answer).toMatchObject({
      status: 201,
      contentType: expect.stringContaining('application/pem-certificate-chain'),
    });
    expect(Certificate.chainFromPem(answer.text)).toHaveLength(3);
    log.reset();
    expectStatus(
      await call(`${url}/api/v1/signingCert`, request(key.prove(SUBJECT))),
      400,
      3,
      /^There was an error processing the identity token/,
    );
    const wrong = await call(`${url}/api/v1/signingCert`, {
      ...request(key.prove('x')),
      headers: { authorization },
    });
    expectStatus(wrong, 400, 3, 'The signature supplied in the request could not be verified');
    const root = await call(`${url}/api/v1/rootCert`);
    expect(root).toMatchObject({ status: 200, text: chain.intermediate.toPem() + chain.root.toPem() });
  });

  it('answers trust bundle, configuration and health', async () => {
    expect((await call(`${url}/api/v2/trustBundle`)).json).toEqual({
      chains: [{ certificates: [chain.intermediate.toPem(), chain.root.toPem()] }],
    });
    const { issuers } = (await call(`${url}/api/v2/configuration`)).json as unknown as { issuers: object[] };
    expect(issuers).toEqual([
      expect.objectContaining({
        issuerUrl: issuer.url,
        audience: 'sigstore',
        challengeClaim: 'sub',
        issuerType: 'ci-provider',
        skipEmailVerification: false,
      }),
      expect.objectContaining({ issuerUrl: people.url, challengeClaim: 'email', issuerType: 'email' }),
    ]);
    expect((await call(`${url}/api/v2/configuration`)).contentType).toBe('application/json');
    expect((await call(`${url}/healthz`)).json).toEqual({ status: 'SERVING' });
    expect(await service.ready()).toMatchObject({
      ready: true,
      checks: { chain: { detail: 'valid until 2026-03-02T12:00:00.000Z' } },
    });
  });
});

describe('what a gateway to gRPC does', () => {
  it('counts null as absent, and takes algorithms by number, known or not', async () => {
    const key = clientKey('P-256');
    const body = {
      credentials: null,
      certificateSigningRequest: null,
      publicKeyRequest: {
        publicKey: { algorithm: 99, content: key.pem },
        proofOfPossession: key.prove(SUBJECT),
      },
    };
    const authorization = `Bearer ${await githubToken()}`;
    expect(await post(body, { authorization })).toMatchObject({ status: 200 });
  });

  it.each<[string, string, number, number]>([
    ['GET', '/api/v2/signingCert', 501, 12],
    ['PUT', '/api/v2/signingCert', 501, 12],
    ['POST', '/api/v2/trustBundle', 501, 12],
    ['DELETE', '/api/v2/configuration', 501, 12],
    ['GET', '/api/v1/signingCert', 501, 12],
    ['GET', '/api/v2', 404, 5],
    ['GET', '/api/v3/trustBundle', 404, 5],
  ])('answers %s %s with %d and a status', async (method, path, status, code) => {
    const answer = await call(`${url}${path}`, { method });
    expect(answer).toMatchObject({ status, contentType: 'application/json', json: { code, details: [] } });
  });

  it('shows nothing of gRPC in its headers, and takes a trailing slash and HEAD', async () => {
    const answer = await fetch(`${url}/api/v2/trustBundle/`);
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('grpc-'))).toEqual([]);
    const head = await fetch(`${url}/api/v2/trustBundle`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

describe('web pages', () => {
  const origin = { origin: 'https://ui.example' };

  it('of any origin may call the API, without an Authorization header', async () => {
    const preflight = (headers: string) =>
      fetch(`${url}/api/v2/signingCert`, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': headers,
        },
      });
    for (const [headers, allowed] of [
      ['content-type', '*'],
      ['authorization', null],
    ] as const) {
      const answer = await preflight(headers);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, allowed]);
    }
    const answer = await fetch(`${url}/api/v2/trustBundle`, { headers: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('cannot read what is for the operator', async () => {
    const answer = await fetch(`${url}/metrics`, { headers: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('tokens are refused', () => {
  const cases: [string, () => string | Promise<string>, RegExp][] = [
    ['that are missing', () => '', /none was given$/],
    ['that are garbage', () => 'garbage', /want a signed JWT of exactly three parts$/],
    ['that are too long', () => 'x'.repeat(16_385), /at most 16384 are taken$/],
    [
      'of another issuer',
      () => githubToken({ iss: 'https://token.actions.githubusercontent.com' }),
      /issuer: the token is from "https:.*want exactly one of/,
    ],
    [
      'for another audience',
      () => githubToken({ aud: 'npm' }),
      /audience: the token is for "npm", want "sigstore"$/,
    ],
    [
      'that have expired',
      () => githubToken({ exp: 1772366400 }),
      /expiry: the token expired at 2026-03-01T12:00:00.000Z/,
    ],
    [
      'that are not valid yet',
      () => githubToken({ nbf: 1772370000 }),
      /not before: the token is valid from 2026-03-01T13:00:00.000Z/,
    ],
    [
      'without a claim that is certified',
      () => githubToken({ sha: undefined }),
      /claim sha: neither the token nor the configured defaults have it$/,
    ],
    [
      'without a signature',
      () => unsigned({ alg: 'none' }),
      /algorithm: the token says "none", want one of RS256/,
    ],
    [
      'signed with the public key as secret',
      () => hmacToken(),
      /algorithm: the token says "HS256", want one of RS256/,
    ],
    [
      'signed with an unknown key',
      async () => issuer.sign(githubClaims(issuer.url, START), { kid: 'two' }),
      /no RS256 key with id "two"$/,
    ],
    [
      'signed by somebody else',
      async () => people.sign(githubClaims(issuer.url, START)),
      /signature: it does not verify/,
    ],
  ];

  it.each(cases)('%s', async (_name, token, message) => {
    const sent = await token();
    const answer = await post(
      keyRequest(clientKey('P-256')),
      sent === '' || sent.length > 8_000 ? {} : { authorization: `Bearer ${sent}` },
    );
    const answered =
      sent.length > 8_000
        ? await post({ ...keyRequest(clientKey('P-256')), credentials: { oidcIdentityToken: sent } })
        : answer;
    expectStatus(answered, 400, 3, message);
    expect(answered.json['message']).toMatch(new RegExp(`^${TOKEN_ERROR}: `));
    if (sent.length > 20) expect(answered.text + logged).not.toContain(sent.slice(-20));
    expect(logged).toMatch(/certificate refused/);
  });

  it('of an issuer that is down, with 503 and before anything else', async () => {
    const gone = await TestIssuer.start();
    gone.down = true;
    const outage = await startWith({
      issuersFile: await files.write(
        'gone.yaml',
        JSON.stringify({ 'oidc-issuers': { [gone.url]: { 'client-id': 'sigstore', type: 'email' } } }),
      ),
    });
    const token = await gone.sign({ ...githubClaims(gone.url, now) });
    const answer = await call(`${outage.url}/api/v2/signingCert`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${token}` },
    });
    await outage.service.close();
    await gone.stop();
    expectStatus(
      answer,
      503,
      14,
      /^There was an error processing the identity token: issuer discovery from .* answered 503/,
    );
  });

  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = (header: object): string =>
    `${encode(header)}.${encode(githubClaims(issuer.url, START))}.`;
  function hmacToken(): string {
    const input = unsigned({ alg: 'HS256', kid: 'one' }).slice(0, -1);
    return `${input}.${createHmac('sha256', JSON.stringify(issuer.publicJwk)).update(input).digest('base64url')}`;
  }
});

describe('keys and proofs are refused', () => {
  const UNPARSABLE = 'The public key supplied in the request could not be parsed';
  const INSECURE = 'The public key supplied in the request is insecure';
  const WRONG_SIGNATURE = 'The signature supplied in the request could not be verified';

  async function refuse(body: object, message: string): Promise<void> {
    expectStatus(await post(body, { authorization: `Bearer ${await githubToken()}` }), 400, 3, message);
  }

  const withKey = (content: string, proofOfPossession = 'AAAA'): object => ({
    publicKeyRequest: { publicKey: { content }, proofOfPossession },
  });

  it('no key at all', () => refuse({}, UNPARSABLE));
  it('text that is no key', () => refuse(withKey('garbage'), UNPARSABLE));
  it('a private key', () => {
    const pem = clientKey('P-256').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return refuse(withKey(pem), UNPARSABLE);
  });
  it('an unknown curve', () => refuse(withKey(clientKey('secp256k1').pem), UNPARSABLE));
  it.each([
    ['at infinity', Uint8Array.of(0)],
    ['off the curve', Uint8Array.of(4, ...new Uint8Array(31), 1, ...new Uint8Array(31), 1)],
    ['of zeros', Uint8Array.of(4, ...new Uint8Array(64))],
    ['with a compressed point', Uint8Array.of(2, ...new Uint8Array(31), 1)],
  ])('a P-256 key %s', (_name, point) => {
    const algorithm = derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7'));
    return refuse(withKey(encodePem('PUBLIC KEY', derSequence(algorithm, derBitString(point)))), UNPARSABLE);
  });
  it.each(['RSA-1024', 'RSA-2560'])('a weak key: %s', async (kind) => {
    const key = clientKey(kind);
    await refuse(keyRequest(key), INSECURE);
  });
  it.each<[string, (key: ClientKey) => string]>([
    ['of another subject', (key) => key.prove('repo:evil/app')],
    ['by another key', () => clientKey('P-256').prove(SUBJECT)],
    ['that is empty', () => ''],
    ['that is garbage', () => 'AAAA'],
  ])('a proof %s', (_name, prove) => {
    const key = clientKey('P-256');
    return refuse(withKey(key.pem, prove(key)), WRONG_SIGNATURE);
  });
  it('a proof that is no base64', async () => {
    const answer = await post(withKey(clientKey('P-256').pem, '!!'), {
      authorization: `Bearer ${await githubToken()}`,
    });
    expectStatus(answer, 400, 3, /^publicKeyRequest\.proofOfPossession: .*base64/);
  });

  it('signing requests: unreadable, forged, or signed with another hash', async () => {
    const request = (pem: string): object => ({
      certificateSigningRequest: Buffer.from(pem).toString('base64'),
    });
    await refuse(request('garbage'), 'The certificate signing request could not be parsed');
    await refuse(request(clientKey('P-256').pem), 'The certificate signing request could not be parsed');
    await refuse(
      request(await signingRequest(clientKey('P-384'), 'sha256')),
      'signing algorithm not permitted: *ecdsa.PublicKey, SHA-256',
    );
    const pem = await signingRequest(clientKey('P-256'));
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    // Inside the subject: the signature no longer fits.
    const at = der.indexOf('evil');
    der.write('evit', at);
    await refuse(request(encodePem('CERTIFICATE REQUEST', der)), WRONG_SIGNATURE);
  });
});

describe('malformed requests are refused', () => {
  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /^request: malformed JSON/],
    ['no object', '[]', /^request: want a JSON object$/],
    ['invalid UTF-8', '', /^request: .*UTF-8/],
    ['deep JSON', `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /^request: JSON nested deeper than 16/],
    ['JSON of a thousand values', `{"x":[${'1,'.repeat(1000)}1]}`, /^request: JSON of more than 1000 values/],
    [
      'a token that is no text',
      '{"credentials":{"oidcIdentityToken":{}}}',
      /^credentials\.oidcIdentityToken: want a string$/,
    ],
    ['credentials that are no object', '{"credentials":"x"}', /^credentials: want a JSON object$/],
    ['a key that is no text', '{"publicKeyRequest":{"publicKey":{"content":7}}}', /content: want a string$/],
    [
      'a proof that is no text',
      '{"publicKeyRequest":{"proofOfPossession":7}}',
      /proofOfPossession: want base64$/,
    ],
    [
      'both kinds of request',
      '{"publicKeyRequest":{},"certificateSigningRequest":""}',
      /exclude each other$/,
    ],
    ['a field under two names', '{"publicKeyRequest":{},"public_key_request":{}}', /given under two names$/],
    [
      'a prototype',
      '{"__proto__":{"publicKeyRequest":{}},"credentials":[]}',
      /^credentials: want a JSON object$/,
    ],
  ])('%s', async (name, body, message) => {
    const answer = await post(name === 'invalid UTF-8' ? Uint8Array.of(0x22, 0xff, 0x22) : body);
    expectStatus(answer, 400, 3, message);
  });

  it('a body over four megabytes', async () => {
    const answer = await post(`{"x":"${'x'.repeat(4 * 1024 * 1024)}"}`);
    expect(answer).toMatchObject({ status: 400, json: { code: 3 } });
  });

  it('and the client that sent too much still reads why', async () => {
    const body = new Uint8Array(9 * 1024 * 1024).fill(0x20);
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(body)));
    for (const answer of answers) expect(answer).toMatchObject({ status: 400, json: { code: 3 } });
  });

  it('unknown paths and wrong methods', async () => {
    expectStatus(await call(`${url}/api/v2/nothing`), 404, 5, 'Not Found');
    expectStatus(await call(`${url}/api/v2/signingCert`), 501, 12, 'Method Not Allowed');
  });
});

describe('without a timestamp there is no certificate', () => {
  async function attempt(): Promise<Answer> {
    return post(keyRequest(clientKey('P-256')), { authorization: `Bearer ${await githubToken()}` });
  }

  it.each<[string, number, RegExp]>([
    ['a log that fails', 500, /^Error entering certificate in CTL: the log answered 500$/],
    ['a log that is overloaded', 503, /the log answered 503$/],
    ['a log that limits its callers', 429, /the log answered 429$/],
  ])('%s: 503', async (_name, status, message) => {
    log.answer = (response) => response.writeHead(status).end('secret detail');
    const answer = await attempt();
    expectStatus(answer, 503, 14, message);
    expect(answer.text).not.toContain('secret');
  });

  it('a log that does not answer in time: 503', async () => {
    log.answer = () => undefined;
    expectStatus(
      await attempt(),
      503,
      14,
      'Error entering certificate in CTL: the log did not answer in time',
    );
  });

  it('a log that is not there: 503', async () => {
    const gone = await TestCertificateLog.start();
    const { url: goneUrl } = gone;
    await gone.stop();
    const outage = await startWith({ ctLogUrl: goneUrl });
    const body = JSON.stringify(keyRequest(clientKey('P-256')));
    const answer = await call(`${outage.url}/api/v2/signingCert`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${await githubToken()}` },
    });
    await outage.service.close();
    expectStatus(answer, 503, 14, 'Error entering certificate in CTL: the log cannot be reached');
  });

  it.each<[string, number, string, RegExp]>([
    ['that does not know the CA', 400, 'unknown root', /the log answered 400$/],
    ['that redirects', 302, '', /the log answered 302$/],
    ['that answers something else', 200, '{"sct_version":1}', /something else than a timestamp$/],
    ['that answers no JSON', 200, '<html>', /something else than a timestamp$/],
  ])('a log %s: 500', async (_name, status, body, message) => {
    log.answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end(body);
    expectStatus(await attempt(), 500, 13, message);
  });

  it('a timestamp that does not verify: 500', async () => {
    log.impostor = PrivateKeySigner.generate('P-256');
    const answer = await attempt();
    expect(answer).toMatchObject({
      status: 500,
      json: { code: 13, message: 'Error entering certificate in CTL: its timestamp does not verify' },
    });
  });

  it('nor when the CA ends before the certificate would', async () => {
    now = new Date('2026-03-02T11:51:00Z');
    expectStatus(
      await attempt(),
      503,
      14,
      /issuing.*valid from .* to 2026-03-02T12:00:00\.000Z, which does not cover/,
    );
    expect(await service.ready()).toMatchObject({ ready: false, checks: { chain: { ok: false } } });
  });
});

/** Another instance with some settings replaced. */
async function startWith(overrides: Record<string, string>): Promise<{ service: Service; url: string }> {
  const path = (name: string): string => `${files.directory}/${name}`;
  const config = {
    authority: {
      keyFile: path('ca.key.pem'),
      passphraseFile: path('passphrase'),
      chainFile: path('chain.pem'),
    },
    ctLogUrl: log.url,
    ctPublicKeyFile: path('ct.pub.pem'),
    ctTimeoutMs: 5_000,
    issuersFile: path('issuers.yaml'),
    issuerTimeoutMs: 20_000,
    ...(await recordSettings(files, database)),
    ...overrides,
  };
  const other = await createCertificateAuthority(config, {
    clock: () => now,
    fetch,
    randomBytes,
    log: createLog('other', 'silent'),
  });
  return { service: other, url: await other.listen(0, '127.0.0.1') };
}

/** As sigstore-python asks: a request with a subject and extensions of its own. */
async function signingRequest(key: ClientKey, hash = 'sha256'): Promise<string> {
  const keyFile = await files.write(
    `client-${randomBytes(4).toString('hex')}.pem`,
    key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );
  return execFileSync(
    'openssl',
    [
      'req',
      '-new',
      `-${hash}`,
      '-key',
      keyFile,
      '-subj',
      '/CN=evil',
      '-addext',
      'subjectAltName=email:evil@example.com',
    ],
    { encoding: 'utf8' },
  );
}

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { get } from 'node:https';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { createLog, listenTls, type Listener } from '@sigstead/server';
import { Certificate, oids, verifyChain } from '@sigstead/x509';
import { createCertificateAuthority, type CertificateAuthority } from '../create-certificate-authority.ts';
import { CA, encodeRequest, TestGrpcClient, type Outcome } from '../testonly/grpc-client.ts';
import { makeTestChain, TestFiles, type TestChain } from '../testonly/test-authority.ts';
import { TestCertificateLog } from '../testonly/test-certificate-log.ts';
import { call, clientKey, type ClientKey } from '../testonly/test-client.ts';
import { recordSettings, TestDatabase } from '../testonly/test-database.ts';
import { githubClaims, TestIssuer } from '../testonly/test-issuer.ts';

const START = new Date('2026-03-01T12:00:00.900Z');
const SUBJECT = 'repo:octo/app:ref:refs/heads/main';
const IDENTITY = 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1';
const CREATE = `${CA}/CreateSigningCertificate`;

let files: TestFiles;
let issuer: TestIssuer;
let log: TestCertificateLog;
let chain: TestChain;
let database: TestDatabase;
let authority: CertificateAuthority;
let client: TestGrpcClient;
let url: string;
let now: Date;
let logged: string;

beforeAll(async () => {
  now = START;
  files = await TestFiles.make();
  [issuer, log, chain, database] = await Promise.all([
    TestIssuer.start(),
    TestCertificateLog.start(),
    makeTestChain(START),
    TestDatabase.start(),
  ]);
  const issuers = { 'oidc-issuers': { [issuer.url]: { 'client-id': 'sigstore', preset: 'github' } } };
  const config = {
    authority: await files.writeAuthority([chain.intermediate, chain.root], chain.key),
    ctLogUrl: log.url,
    ctPublicKeyFile: await files.write('ct.pub.pem', log.signer.publicKey.toPem()),
    ctTimeoutMs: 20_000,
    issuersFile: await files.write('issuers.yaml', JSON.stringify(issuers)),
    issuerTimeoutMs: 20_000,
    ...(await recordSettings(files, database)),
  };
  authority = await createCertificateAuthority(config, {
    clock: () => now,
    fetch,
    randomBytes,
    log: createLog('certificate-authority', 'info', (line) => {
      logged += line;
    }),
  });
  url = await authority.listen(0, '127.0.0.1');
  client = new TestGrpcClient(`127.0.0.1:${await authority.grpc.listen(0, '127.0.0.1')}`);
});

afterAll(async () => {
  client.close();
  await authority.close();
  await Promise.all([issuer.stop(), log.stop(), files.remove(), database.stop()]);
});

beforeEach(() => {
  now = START;
  logged = '';
  log.reset();
  issuer.down = false;
});

const token = (): Promise<string> => issuer.sign(githubClaims(issuer.url, now));

function byKey(key: ClientKey, oidcIdentityToken = '', subject = SUBJECT): object {
  return {
    credentials: { oidcIdentityToken },
    publicKeyRequest: {
      publicKey: { algorithm: 2, content: key.pem },
      proofOfPossession: Buffer.from(key.prove(subject), 'base64'),
    },
  };
}

async function signingRequest(): Promise<string> {
  return execFileSync(
    'openssl',
    [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=evil',
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
}

function certificatesOf(outcome: Outcome): Certificate[] {
  expect(outcome).toMatchObject({ code: 'OK' });
  expect(Object.keys(outcome.message)).toEqual(['signedCertificateEmbeddedSct']);
  const { signedCertificateEmbeddedSct: embedded } = outcome.message as unknown as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  for (const pem of embedded.chain.certificates) expect(pem).toBe(pem.trim());
  return embedded.chain.certificates.map((pem) => Certificate.fromPem(pem));
}

describe('CreateSigningCertificate', () => {
  it('issues for a key, with the chain, root included', async () => {
    const key = clientKey('P-256');
    const certificates = certificatesOf(await client.call(CREATE, byKey(key, await token())));
    const [leaf, ...authorities] = certificates as [Certificate, ...Certificate[]];
    expect(authorities.map(({ raw }) => encodeHex(raw))).toEqual(
      [chain.intermediate, chain.root].map(({ raw }) => encodeHex(raw)),
    );
    expect(verifyChain(leaf, authorities, now, { extendedKeyUsage: oids.codeSigning })).toHaveLength(3);
    expect(encodeHex(leaf.spki)).toBe(encodeHex(key.der));
    expect(leaf.subjectAlternativeNames).toEqual([{ type: 'uri', value: IDENTITY }]);
  });

  it('issues for a signing request, whose names do not count', async () => {
    const request = {
      credentials: { oidcIdentityToken: await token() },
      certificateSigningRequest: Buffer.from(await signingRequest()),
    };
    const [leaf] = certificatesOf(await client.call(CREATE, request)) as [Certificate];
    expect(leaf.subjectAlternativeNames).toEqual([{ type: 'uri', value: IDENTITY }]);
  });

  it('takes the token from the metadata when the message has none', async () => {
    const given = await token();
    for (const metadata of [
      { authorization: `Bearer ${given}` },
      { authorization: `bearer ${given}` },
      { oidcidentitytoken: given },
      { oidcidentitytoken: given, authorization: 'Bearer garbage' },
    ] as Record<string, string>[])
      certificatesOf(await client.call(CREATE, byKey(clientKey('P-256')), metadata));
  });

  it('prefers the token of the message', async () => {
    const request = byKey(clientKey('P-256'), await token());
    certificatesOf(await client.call(CREATE, request, { authorization: 'Bearer garbage' }));
  });

  it('takes no token given twice in the metadata', async () => {
    const given = await token();
    const metadata = { oidcidentitytoken: [given, given] };
    expect(await client.call(CREATE, byKey(clientKey('P-256')), metadata)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: expect.stringMatching(/want a signed JWT of exactly three parts$/),
    });
  });

  it('goes through the same desk as HTTP: one counter, one kind of line, never the token', async () => {
    const given = await token();
    const before = await counted('fulcio_new_certs');
    certificatesOf(await client.call(CREATE, byKey(clientKey('P-256'), given)));
    expect(await counted('fulcio_new_certs')).toBe(before + 1);
    expect(logged).toContain(`"message":"certificate issued"`);
    expect(logged).toContain(IDENTITY);
    expect(logged).not.toContain(given.slice(-30));
    expect(log.chains).toHaveLength(1);
  });
});

describe('refusals have the code and the words of HTTP', () => {
  type Request = () => Promise<object | Uint8Array>;
  const cases: [string, string, Request][] = [
    ['no token', 'INVALID_ARGUMENT', async () => byKey(clientKey('P-256'))],
    ['a token that is garbage', 'INVALID_ARGUMENT', async () => byKey(clientKey('P-256'), 'garbage')],
    [
      'a token of somebody else',
      'INVALID_ARGUMENT',
      async () =>
        byKey(clientKey('P-256'), await issuer.sign({ ...githubClaims('https://evil.example', now) })),
    ],
    [
      'an expired token',
      'INVALID_ARGUMENT',
      async () => byKey(clientKey('P-256'), await issuer.sign({ ...githubClaims(issuer.url, now), exp: 1 })),
    ],
    ['no key', 'INVALID_ARGUMENT', async () => ({ credentials: { oidcIdentityToken: await token() } })],
    [
      'a key that is none',
      'INVALID_ARGUMENT',
      async () => ({
        ...byKey(clientKey('P-256'), await token()),
        publicKeyRequest: { publicKey: { content: 'x' } },
      }),
    ],
    ['a weak key', 'INVALID_ARGUMENT', async () => byKey(clientKey('RSA-1024'), await token())],
    [
      'a proof of another subject',
      'INVALID_ARGUMENT',
      async () => byKey(clientKey('P-256'), await token(), 'repo:evil/app'),
    ],
    [
      'a signing request that is none',
      'INVALID_ARGUMENT',
      async () => ({
        credentials: { oidcIdentityToken: await token() },
        certificateSigningRequest: Buffer.from('garbage'),
      }),
    ],
  ];

  it.each(cases)('%s', async (_name, code, request) => {
    const message = await request();
    const outcome = await client.call(CREATE, message);
    expect(outcome).toMatchObject({ code, message: {} });
    const { json } = await call(`${url}/api/v2/signingCert`, { method: 'POST', body: toJson(message) });
    expect(outcome.details).toBe(json['message']);
    expect(log.chains).toEqual([]);
  });

  it('a log that is overloaded: UNAVAILABLE', async () => {
    log.answer = (response) => response.writeHead(503).end('secret detail');
    expect(await client.call(CREATE, byKey(clientKey('P-256'), await token()))).toMatchObject({
      code: 'UNAVAILABLE',
      details: 'Error entering certificate in CTL: the log answered 503',
    });
  });

  it('a log that refuses: INTERNAL', async () => {
    log.answer = (response) => response.writeHead(400).end('secret detail');
    expect(await client.call(CREATE, byKey(clientKey('P-256'), await token()))).toMatchObject({
      code: 'INTERNAL',
      details: 'Error entering certificate in CTL: the log answered 400',
    });
  });

  it('an authority that ends before the certificate would: UNAVAILABLE', async () => {
    now = new Date('2026-03-02T11:51:00Z');
    expect(await client.call(CREATE, byKey(clientKey('P-256'), await token()))).toMatchObject({
      code: 'UNAVAILABLE',
      details: expect.stringMatching(/does not cover a certificate until/),
    });
  });

  it('a message that is no protobuf: INVALID_ARGUMENT, with the place', async () => {
    expect(await client.call(CREATE, Uint8Array.of(0x0a, 9, 1))).toEqual({
      code: 'INVALID_ARGUMENT',
      details: 'request: malformed protobuf: 9 octets announced, 1 left',
      message: {},
    });
  });

  it('a token whose claims cannot be written in a status: still INVALID_ARGUMENT', async () => {
    const given = await issuer.sign({ ...githubClaims(issuer.url, now), aud: 'half \ud800 a pair' });
    expect(await client.call(CREATE, byKey(clientKey('P-256'), given))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  /** The same request for the other face. */
  function toJson(message: object): string {
    const base64 = (_name: string, value: unknown): unknown =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
        ? Buffer.from((value as unknown as { data: number[] }).data).toString('base64')
        : value;
    return JSON.stringify(message, base64);
  }
});

describe('the other methods', () => {
  it('GetTrustBundle is what HTTP answers', async () => {
    const outcome = await client.call(
      `${CA}/GetTrustBundle`,
      new Uint8Array(),
      {},
      { answer: 'TrustBundle' },
    );
    expect(outcome).toMatchObject({ code: 'OK' });
    expect(outcome.message).toEqual((await call(`${url}/api/v2/trustBundle`)).json);
    expect(outcome.message).toEqual({
      chains: [{ certificates: [chain.intermediate.toPem(), chain.root.toPem()] }],
    });
  });

  it('GetConfiguration is what HTTP answers, unset fields left out', async () => {
    const outcome = await client.call(
      `${CA}/GetConfiguration`,
      new Uint8Array(),
      {},
      { answer: 'Configuration' },
    );
    const { issuers } = (await call(`${url}/api/v2/configuration`)).json as unknown as { issuers: object[] };
    const set = issuers.map((one) =>
      Object.fromEntries(Object.entries(one).filter(([, value]) => value !== '' && value !== false)),
    );
    expect(outcome).toMatchObject({ code: 'OK', message: { issuers: set } });
    expect(set).toMatchObject([{ issuerUrl: issuer.url, audience: 'sigstore', challengeClaim: 'sub' }]);
  });

  it('health is SERVING, of any service', async () => {
    for (const request of [new Uint8Array(), Uint8Array.of(0x0a, 1, 0x78)]) {
      const outcome = await client.call(
        '/grpc.health.v1.Health/Check',
        request,
        {},
        { answer: 'HealthCheckResponse' },
      );
      expect(outcome).toMatchObject({ code: 'OK', message: { status: 1 } });
    }
  });

  it.each([
    '/grpc.health.v1.Health/Watch',
    '/grpc.health.v1.Health/List',
    '/dev.sigstore.fulcio.v1beta.CA/CreateSigningCertificate',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/nothing',
  ])('%s is UNIMPLEMENTED', async (path) => {
    expect(await client.call(path, new Uint8Array())).toMatchObject({ code: 'UNIMPLEMENTED' });
  });
});

describe('one TLS port', () => {
  let tls: Listener;
  let certificate: string;

  beforeAll(async () => {
    certificate = execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...[
          '-keyout',
          `${files.directory}/tls.key`,
          '-subj',
          '/CN=x',
          '-addext',
          'subjectAltName=DNS:localhost',
        ],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    tls = await listenTls({
      port: 0,
      host: '127.0.0.1',
      files: {
        certificateFile: await files.write('tls.pem', certificate),
        keyFile: `${files.directory}/tls.key`,
      },
      handler: authority.handle.bind(authority),
      http2: authority.grpc,
      log: createLog('tls', 'silent'),
    });
    authority.adopt(tls);
  });

  it('is where a client of gRPC gets a certificate', async () => {
    const secure = new TestGrpcClient(
      `localhost:${new URL(tls.url).port}`,
      credentials.createSsl(Buffer.from(certificate)),
    );
    certificatesOf(await secure.call(CREATE, byKey(clientKey('P-256'), await token())));
    secure.close();
  });

  it('is where a client of HTTP gets the trust bundle', async () => {
    const { port } = new URL(tls.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const options = {
        port,
        host: 'localhost',
        ca: certificate,
        path: '/api/v2/trustBundle',
        ALPNProtocols: ['h2', 'http/1.1'],
      };
      get(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
    expect(answer).toBe((await call(`${url}/api/v2/trustBundle`)).text);
  });
});

describe('calls are counted', () => {
  it('by method and code, in the names of grpc_prometheus, never by what a caller wrote', async () => {
    const labels =
      'grpc_type="unary",grpc_service="dev.sigstore.fulcio.v2.CA",grpc_method="CreateSigningCertificate"';
    const started = await counted(`grpc_server_started_total{${labels}}`);
    await client.call(CREATE, encodeRequest({}));
    await client.call('/made.up/ByTheCaller', new Uint8Array());
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(await counted(`grpc_server_started_total{${labels}}`)).toBe(started + 1);
    expect(await counted(`grpc_server_handled_total{${labels},grpc_code="InvalidArgument"}`)).toBeGreaterThan(
      0,
    );
    expect(await counted(`grpc_server_handling_seconds_count{${labels}}`)).toBe(started + 1);
    expect(metrics).not.toContain('ByTheCaller');
  });

  it('and every method is there from the start', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const method of ['CreateSigningCertificate', 'GetTrustBundle', 'GetConfiguration', 'Check'])
      expect(metrics).toMatch(new RegExp(`^grpc_server_started_total\\{.*grpc_method="${method}"\\} `, 'm'));
  });
});

async function counted(series: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}

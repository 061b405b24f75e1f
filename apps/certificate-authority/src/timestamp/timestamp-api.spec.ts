import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digest, sha256 } from '@sigstead/crypto';
import {
  concatBytes,
  derBoolean,
  derExplicit,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  encodeBase64,
  encodeHex,
  encodeUtf8,
} from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { makeTimestampChain, type TestTimestampChain } from './testonly/test-timestamp-chain.ts';
import { OTHER_POLICY, POLICY, TestTimestampAuthority } from './testonly/test-timestamp-authority.ts';

const NOW = new Date('2026-03-01T12:00:00.900Z');
const ARTIFACT = encodeUtf8('signature bytes');
const DIGEST = sha256(ARTIFACT);
const QUERY = 'application/timestamp-query';
const JSON_TYPE = 'application/json';
const GENERAL = /^Error generating timestamp response: ./;

let chain: TestTimestampChain;
let authority: TestTimestampAuthority;

beforeAll(async () => {
  chain = await makeTimestampChain(NOW);
  authority = await TestTimestampAuthority.start([chain.leaf, chain.root], chain.key, NOW);
});

afterAll(() => authority.stop());

function query(
  rest: readonly Uint8Array[] = [],
  hashedMessage = DIGEST,
  oid = '2.16.840.1.101.3.4.2.1',
): Uint8Array {
  return derSequence(
    derInteger(1n),
    derSequence(derSequence(derOid(oid), derNull()), derOctetString(hashedMessage)),
    ...rest,
  );
}

const json = (more = ''): string =>
  `{"artifactHash":"${encodeBase64(DIGEST)}","hashAlgorithm":"sha256"${more}}`;

/** What openssl prints of a response, once it has verified it for the artifact. */
function inspect(response: Uint8Array, of: TestTimestampChain, at = NOW, artifact = ARTIFACT): string {
  const cwd = mkdtempSync(join(tmpdir(), 'timestamp-authority-'));
  const run = (...args: string[]) =>
    execFileSync('openssl', ['ts', ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    writeFileSync(join(cwd, 'response'), response);
    writeFileSync(join(cwd, 'artifact'), artifact);
    writeFileSync(join(cwd, 'root'), of.root.toPem());
    writeFileSync(join(cwd, 'leaf'), of.leaf.toPem());
    // prettier-ignore
    const verdict = run('-verify', '-data', 'artifact', '-in', 'response', '-CAfile', 'root', '-untrusted', 'leaf',
      '-attime', String(Math.floor(at.getTime() / 1000)));
    expect(verdict).toContain('Verification: OK');
    return run('-reply', '-in', 'response', '-text');
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const bytesOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());

async function granted(response: Response): Promise<Uint8Array> {
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/timestamp-reply',
  ]);
  return bytesOf(response);
}

async function refused(response: Response, status = 400): Promise<string> {
  const body = (await response.json()) as { code: number; message: string };
  expect([response.status, response.headers.get('content-type'), Object.keys(body)]).toEqual([
    status,
    JSON_TYPE,
    ['code', 'message'],
  ]);
  if (status !== 422) expect(body.code).toBe(status);
  return body.message;
}

describe('POST /api/v1/timestamp', () => {
  it('answers a query with a timestamp that is not to be cached', async () => {
    const response = await authority.post(query(), QUERY);
    expect(response.headers.get('cache-control')).toMatch(/no-cache.*no-store/);
    const text = inspect(await granted(response), chain);
    expect(text).toContain('Status: Granted.');
    expect(text).toContain('Time stamp: Mar  1 12:00:00 2026 GMT');
    expect(text).toContain('Accuracy: 0x01 seconds, unspecified millis, unspecified micros');
    expect(text).toContain('TSA: DirName:/O=octo/CN=timestamp');
    expect(text).toContain('Nonce: unspecified');
    expect(text).toContain(`Policy OID: ${POLICY}`);
  });

  it('answers the JSON form with the same', async () => {
    const text = inspect(await granted(await authority.post(json(), JSON_TYPE)), chain);
    expect(text).toContain('Hash Algorithm: sha256');
  });

  it.each(['sha256', 'sha384', 'sha512'] as const)('answers what openssl asks with %s', async (hash) => {
    const asked = openssl(
      ['ts', '-query', '-data', 'artifact', `-${hash}`, '-cert', '-out', 'out'],
      ARTIFACT,
    );
    const text = inspect(await granted(await authority.post(asked, QUERY)), chain);
    expect(text).toContain(`Hash Algorithm: ${hash}`);
    expect(text).toMatch(/Nonce: 0x[0-9A-F]{14,16}/);
  });

  it.each([
    'application/timestamp-query; charset=utf-8',
    'Application/Timestamp-Query',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;x=y',
  ])('takes the content type %s', async (contentType) => {
    const body = contentType.toLowerCase().includes('json') ? json() : query();
    await granted(await authority.post(body, contentType));
  });

  it.each([
    'text/plain',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'application/jsonx',
    'json',
    'application/',
    `${'application/'.repeat(800)}json`,
    undefined,
  ])('answers 415 to the content type %s', async (contentType) => {
    const message = await refused(await authority.post(json(), contentType), 415);
    expect(message).toMatch(
      /^unsupported media type ".{1,100}", only \[application\/timestamp-query application\/json\] are allowed$/,
    );
  });

  it('does not take a query for JSON, nor JSON for a query', async () => {
    expect(await refused(await authority.post(query(), JSON_TYPE))).toMatch(GENERAL);
    expect(await refused(await authority.post(json(), QUERY))).toMatch(GENERAL);
  });

  it('answers 422 with code 602 when there is no body', async () => {
    for (const headers of [{}, { 'content-type': QUERY }, { 'content-type': JSON_TYPE }]) {
      const response = await authority.fetch('/api/v1/timestamp', { method: 'POST', headers });
      expect(response.status).toBe(422);
      expect(await response.json()).toEqual({ code: 602, message: 'request in body is required' });
    }
  });

  it('passes over the Accept header', async () => {
    for (const accept of ['application/json', 'text/html', 'nonsense', '*/*'])
      await granted(await authority.post(query(), QUERY, { accept }));
  });

  it.each([1n, -1n, (1n << 160n) - 1n, -(1n << 4000n)])('echoes the nonce %s', async (nonce) => {
    const response = await granted(await authority.post(query([derInteger(nonce)]), QUERY));
    expect(encodeHex(response)).toContain(encodeHex(concatBytes(derInteger(nonce), Uint8Array.of(0xa0))));
    inspect(response, chain);
  });

  it.each(['9007199254740993', '-5', '9'.repeat(49), '1'.padEnd(850, '7')])(
    'echoes every digit of the JSON nonce %s',
    async (digits) => {
      const response = await granted(await authority.post(json(`,"nonce":${digits}`), JSON_TYPE));
      expect(encodeHex(response)).toContain(encodeHex(derInteger(BigInt(digits))));
    },
  );

  it('refuses a nonce of a million digits or octets like any other request that is too large', async () => {
    expect(await refused(await authority.post(json(`,"nonce":${'9'.repeat(1_000_000)}`), JSON_TYPE))).toBe(
      'timestamp request is too large',
    );
    const octets = derInteger(new Uint8Array(1_000_000).fill(0x55));
    expect(await refused(await authority.post(query([octets]), QUERY))).toMatch(/nonce of 1000000 octets/);
  });

  it('carries the certificate only for those who ask', async () => {
    const leaf = encodeHex(chain.leaf.raw);
    const asked = async (body: string | Uint8Array, type: string) =>
      encodeHex(await granted(await authority.post(body, type)));
    expect(await asked(query(), QUERY)).not.toContain(leaf);
    expect(await asked(query([derBoolean(true)]), QUERY)).toContain(leaf);
    expect(await asked(json(), JSON_TYPE)).not.toContain(leaf);
    expect(await asked(json(',"certificates":true'), JSON_TYPE)).toContain(leaf);
  });

  it('issues under the policy asked for when it is accepted, and refuses others', async () => {
    const text = inspect(await granted(await authority.post(query([derOid(OTHER_POLICY)]), QUERY)), chain);
    expect(text).toContain(`Policy OID: ${OTHER_POLICY}`);
    await granted(await authority.post(json(`,"tsaPolicyOID":"${OTHER_POLICY}"`), JSON_TYPE));
    const message = 'unaccepted policy: requested TSA policy is not supported by the TSA';
    expect(await refused(await authority.post(query([derOid('1.2.3')]), QUERY))).toBe(message);
    expect(await refused(await authority.post(json(',"tsaPolicyOID":"1.2.3"'), JSON_TYPE))).toBe(message);
  });

  it('refuses a policy of 129 components, whatever else is in it', async () => {
    const policy = Array(129).fill('1').join('.');
    expect(await refused(await authority.post(json(`,"tsaPolicyOID":"${policy}"`), JSON_TYPE))).toBe(
      'OID should be comprised of at most 128 components',
    );
    expect(await refused(await authority.post(json(`,"tsaPolicyOID":"${'.'.repeat(850)}"`), JSON_TYPE))).toBe(
      'OID should be comprised of at most 128 components',
    );
  });

  it('refuses extensions', async () => {
    const extensions = derExplicit(0, derSequence(derOid('1.2.3.4'), derOctetString(derNull())));
    expect(await refused(await authority.post(query([extensions]), QUERY))).toBe(
      'unaccepted extension: requested extensions are not supported by the TSA',
    );
  });

  it('refuses SHA-1', async () => {
    const message = 'Weak hash algorithm in timestamp request';
    const sha1 = new Uint8Array(20);
    expect(await refused(await authority.post(query([], sha1, '1.3.14.3.2.26'), QUERY))).toBe(message);
    const body = JSON.stringify({ artifactHash: encodeBase64(sha1), hashAlgorithm: 'sha1' });
    expect(await refused(await authority.post(body, JSON_TYPE))).toBe(message);
  });

  it('refuses a digest of the wrong length', async () => {
    const message = 'Message digest has incorrect length for specified algorithm';
    const long = digest('sha512', ARTIFACT);
    expect(await refused(await authority.post(query([], long), QUERY))).toBe(message);
    const body = JSON.stringify({ artifactHash: encodeBase64(long), hashAlgorithm: 'sha384' });
    expect(await refused(await authority.post(body, JSON_TYPE))).toBe(message);
  });

  it('refuses data after the request', async () => {
    expect(await refused(await authority.post(concatBytes(query(), query()), QUERY))).toMatch(
      /trailing data/,
    );
    expect(await refused(await authority.post(`${json()}{}`, JSON_TYPE))).toMatch(GENERAL);
  });

  it('refuses a body over the limit with a plain 400, announced or not', async () => {
    const body = new Uint8Array(1024 * 1024 + 1);
    expect(await refused(await authority.post(body, QUERY))).toMatch(GENERAL);
    const chunked = await fetch(authority.url, {
      method: 'POST',
      headers: { 'content-type': QUERY },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(await refused(chunked)).toMatch(/Limit set to 1048576/);
  });

  it('takes a body in chunks, and reads no further than an announced length', async () => {
    const outgoing = httpRequest(authority.url, { method: 'POST', headers: { 'content-type': QUERY } });
    for (const octet of query()) outgoing.write(Uint8Array.of(octet));
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
    const socket = connect(Number(new URL(authority.url).port), '127.0.0.1');
    const body = json();
    socket.end(
      `POST /api/v1/timestamp HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length - 1}\r\n\r\n${body}`,
    );
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('leaves a line for every timestamp and for every refusal, without the request in it', async () => {
    authority.logged = '';
    await granted(await authority.post(query(), QUERY));
    await refused(await authority.post(query([derOid('1.2.3')]), QUERY));
    expect(authority.logged).toMatch(/"timestamp issued","serialNumber":"[0-9a-f]{40}","hash":"sha256"/);
    expect(authority.logged).toMatch(/"timestamp refused","code":"POLICY"/);
  });
});

function openssl(args: string[], artifact: Uint8Array): Uint8Array {
  const cwd = mkdtempSync(join(tmpdir(), 'timestamp-authority-'));
  try {
    writeFileSync(join(cwd, 'artifact'), artifact);
    execFileSync('openssl', args, { cwd, stdio: 'pipe' });
    return Uint8Array.from(readFileSync(join(cwd, 'out')));
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

describe('the other paths', () => {
  it('give the chain from signer to root, to be kept for a day', async () => {
    const response = await authority.fetch('/api/v1/timestamp/certchain');
    expect(response.headers.get('content-type')).toMatch(/^application\/pem-certificate-chain/);
    expect(response.headers.get('cache-control')).toBe('max-age=86400, immutable');
    expect(await response.text()).toBe(chain.leaf.toPem() + chain.root.toPem());
  });

  it('answer a ping, with and without a body', async () => {
    const get = await authority.fetch('/ping');
    expect([get.status, await get.text()]).toEqual([200, '.']);
    const head = await authority.fetch('/ping', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('tell health and readiness', async () => {
    expect((await authority.fetch('/healthz')).status).toBe(200);
    expect(await authority.readiness()).toEqual({
      status: 200,
      ready: true,
      checks: {
        chain: { ok: true, detail: 'valid until 2026-03-11T12:00:00.000Z' },
        clock: { ok: true, detail: 'not compared with any server' },
      },
    });
  });

  it('answer 404 and 405 in the same shape', async () => {
    expect(await refused(await authority.fetch('/api/v1/nothing'), 404)).toBe(
      'path /api/v1/nothing was not found',
    );
    const wrong = await authority.fetch('/api/v1/timestamp');
    expect(wrong.headers.get('allow')).toBe('POST');
    expect(await refused(wrong, 405)).toBe('method GET is not allowed, but [POST] are');
    expect(await refused(await authority.fetch('/api/v1/timestamp/certchain', { method: 'POST' }), 405)).toBe(
      'method POST is not allowed, but [GET] are',
    );
  });

  it('let pages of any origin in, without credentials', async () => {
    const origin = 'https://example.com';
    const simple = await authority.post(query(), QUERY, { origin });
    expect(simple.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await authority.fetch('/api/v1/timestamp', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('metrics', () => {
  it('go under upstream’s names', async () => {
    await authority.post(query(), QUERY);
    await authority.fetch('/ping');
    const metrics = await authority.metrics();
    for (const line of [
      /^timestamp_authority_http_requests_total\{code="200",path="\/api\/v1\/timestamp",method="POST"\} [1-9]/m,
      /^timestamp_authority_http_requests_total\{code="200",path="\/ping",method="GET"\} [1-9]/m,
      /^timestamp_authority_api_latency_count\{path="\/api\/v1\/timestamp",code="200"\} [1-9]/m,
      /^timestamp_authority_api_latency_summary_count\{path="\/ping",code="200"\} [1-9]/m,
      /^timestamp_authority_latency_by_api_count\{path="\/api\/v1\/timestamp",method="POST"\} [1-9]/m,
      /^timestamp_authority_certificate_valid_days_remaining 9\.99/m,
    ])
      expect(metrics).toMatch(line);
  });

  it('have labels that callers cannot make more of', async () => {
    const series = async () =>
      (await authority.metrics()).split('\n').filter((line) => line.startsWith('timestamp_authority_'))
        .length;
    const storm = async (from: number) => {
      for (let i = from; i < from + 20; i++) {
        await authority.fetch(`/path/${i}`);
        await authority.fetch(`/api/v1/timestamp/${i}?x=${i}`, { method: 'PATCH' });
        await authority.fetch(`/ping?x=${i}`, { method: i % 2 === 0 ? 'PROPFIND' : 'DELETE' });
      }
    };
    await storm(0);
    const before = await series();
    await storm(100);
    expect(await series()).toBe(before);
    expect(await authority.metrics()).toContain('path="unrecognized",method="unrecognized"');
    expect(await authority.metrics()).not.toMatch(/^timestamp_authority_.*\/(path|metrics|readyz)/m);
  });
});

describe('keys and chains', () => {
  it.each(['P-384', 'P-521', 'RSA'] as const)('signs with %s', async (keyType) => {
    const other = await makeTimestampChain(NOW, keyType);
    const service = await TestTimestampAuthority.start([other.leaf, other.root], other.key, NOW, {
      includeChain: true,
    });
    try {
      const response = await granted(await service.post(query([derBoolean(true)]), QUERY));
      inspect(response, other);
      const all = encodeHex(response);
      for (const certificate of [other.leaf, other.root]) expect(all).toContain(encodeHex(certificate.raw));
    } finally {
      await service.stop();
    }
  });

  it.each<[string, (made: TestTimestampChain) => Promise<unknown>, RegExp]>([
    ['the chain is one certificate', ({ leaf, key }) => start([leaf], key), /chain of 1 certificates/],
    ['the root comes first', ({ leaf, root, key }) => start([root, leaf], key), /CA certificate/],
    ['the key is another', ({ leaf, root, rootKey }) => start([leaf, root], rootKey), /key does not belong/],
    [
      'the signer has expired',
      async () => startWith({ notAfter: new Date(NOW.getTime() - 1000) }),
      /valid until/,
    ],
    [
      'the signer is not valid yet',
      async () => startWith({ notBefore: new Date(NOW.getTime() + 1000) }),
      /valid from/,
    ],
    ['the key is one that clients cannot verify', async () => startEd25519(), /Ed25519, want ECDSA or RSA/],
  ])('does not start when %s', async (_name, run, message) => {
    await expect(run(await makeTimestampChain(NOW))).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(message),
    });
  });

  const start = (list: readonly Certificate[], key: TestTimestampChain['key']) =>
    TestTimestampAuthority.start(list, key, NOW);
  const startWith = async (profile: Parameters<typeof makeTimestampChain>[2]) => {
    const { leaf, root, key } = await makeTimestampChain(NOW, 'P-256', profile);
    return start([leaf, root], key);
  };
  const startEd25519 = async () => {
    const { leaf, root, key } = await makeTimestampChain(NOW, 'Ed25519');
    return start([leaf, root], key);
  };

  it('stops signing when the certificate expires while it runs', async () => {
    const service = await TestTimestampAuthority.start([chain.leaf, chain.root], chain.key, NOW);
    try {
      service.now = chain.leaf.notAfter;
      await granted(await service.post(query(), QUERY));
      service.now = new Date(chain.leaf.notAfter.getTime() + 1000);
      expect(await refused(await service.post(query(), QUERY), 503)).toMatch(
        /CN=timestamp": valid until 2026-03-11/,
      );
      expect(await service.readiness()).toMatchObject({ status: 503, checks: { chain: { ok: false } } });
    } finally {
      await service.stop();
    }
  });
});

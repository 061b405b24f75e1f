import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeBase64, decodeHex, encodeBase64, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { PrivateKeySigner } from '@sigstead/crypto';
import { hashLeaf, verifyConsistency } from '@sigstead/merkle';
import { verifyCheckpoint } from '@sigstead/tlog';
import type { LogEntryValue } from './log-entry-json.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { expectError, type Created } from '../testonly/rekor-api.ts';
import { RekorStage } from '../testonly/rekor-stage.ts';
import { TREE_ID } from '../testonly/service.ts';

const stage = new RekorStage();
const { api } = stage;
beforeAll(() => stage.start(), 60_000);
afterAll(() => stage.stop());

function request(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${stage.url}${path}`, init);
}

function post(
  body: string,
  path = '/api/v1/log/entries',
  contentType = 'application/json',
): Promise<Response> {
  return request(path, { method: 'POST', headers: { 'content-type': contentType }, body });
}

const verifyEntry = (id: string, value: LogEntryValue): void => api.verify(id, value);

async function create(artifact: string): Promise<Created> {
  return api.create(await hashedRekord(artifact));
}

describe('create and read', () => {
  it('logs an entry and gives it back with proofs that verify', async () => {
    const { id, value, response } = await create('first');
    expect(response.status).toBe(201);
    expect(response.headers.get('etag')).toBe(id);
    expect(response.headers.get('location')).toBe(`/api/v1/log/entries/${id}`);
    verifyEntry(id, value);
    for (const path of [
      `/api/v1/log/entries/${id}`,
      `/api/v1/log/entries/${id.slice(16).toUpperCase()}`,
      `/api/v1/log/entries?logIndex=${value.logIndex}`,
    ]) {
      const read = await request(path);
      expect(read.status).toBe(200);
      const [readId, again] = Object.entries((await read.json()) as Record<string, LogEntryValue>)[0] as [
        string,
        LogEntryValue,
      ];
      expect(readId).toBe(id);
      expect(again.body).toBe(value.body);
      expect(again.integratedTime).toBe(value.integratedTime);
      verifyEntry(readId, again);
    }
  });

  it('ends entries with a line feed, which sigstore-rs cuts off unseen', async () => {
    const created = await post(JSON.stringify(await hashedRekord('line feed')));
    const read = await request(`/api/v1/log/entries/${created.headers.get('etag')}`);
    for (const answer of [created, read]) {
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(await answer.text()).toMatch(/^\{"[0-9a-f]{80}":\{.*\}\}\n$/);
    }
  });
});

/** A valid entry with one thing changed. */
async function changed(change: (entry: JsonObject) => void): Promise<string> {
  const entry = await hashedRekord(`changed ${Math.random()}`);
  change(entry);
  return JSON.stringify(entry);
}

interface Spec {
  data: { hash: { algorithm: string; value: string } };
  signature: { content: string; publicKey: { content: string } };
}

function specOf(entry: JsonObject): Spec {
  return entry['spec'] as unknown as Spec;
}

describe('POST /api/v1/log/entries', () => {
  it('answers 409 with the first entry’s place to an equivalent entry', async () => {
    const { id } = await create('twice');
    const second = await post(JSON.stringify(await hashedRekordLike(id)));
    expect(second.headers.get('location')).toBe(`/api/v1/log/entries/${id}`);
    expect(second.headers.get('etag')).toBeNull();
    await expectError(
      second,
      409,
      409,
      `an equivalent entry already exists in the transparency log with UUID ${id}`,
    );
  });

  it('takes a trailing slash and keeps the query in Location, without the API key', async () => {
    const response = await post(
      JSON.stringify(await hashedRekord('slash')),
      '/api/v1/log/entries/?apiKey=secret&a=b',
    );
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/v1/log/entries/${response.headers.get('etag')}?a=b`);
  });

  it('carries no headers against caching', async () => {
    expect((await create('cacheable')).response.headers.get('cache-control')).toBeNull();
  });

  it('ignores unknown fields', async () => {
    const response = await post(await changed((entry) => (entry['unknown'] = { a: [1] })));
    expect(response.status).toBe(201);
  });

  it('answers 400 to malformed JSON', async () => {
    for (const body of [' ', '{', '[]', 'null', '"x"', '{"kind":', `${'['.repeat(10_000)}`, '\u0000']) {
      await expectError(await post(body), 400, 400, /./);
    }
  });

  it('answers 422 with code 602 to no body at all', async () => {
    await expectError(await post(''), 422, 602, 'proposedEntry in body is required');
    const none = await request('/api/v1/log/entries', { method: 'POST' });
    await expectError(none, 422, 602, 'proposedEntry in body is required');
  });

  it('logs an entry sent many times at once only once, and names the same one to everybody', async () => {
    const body = JSON.stringify(await hashedRekord('crowd'));
    const before = await treeSize();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(body)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 49 }, () => 409)]);
    expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
    expect(await treeSize()).toBe(before + 1);
  });

  it('answers web pages of any origin', async () => {
    const answer = await request('/api/v1/log', { headers: { origin: 'https://ui.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('answers 400 to bytes that are not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"kind":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const response = await request('/api/v1/log/entries', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await expectError(response, 400, 400, /UTF-8/);
  });

  it('answers 422 with code 602 to a missing kind, apiVersion or spec', async () => {
    await expectError(await post('{}'), 422, 602, 'kind in body is required');
    for (const field of ['apiVersion', 'spec']) {
      const body = await changed((entry) => Reflect.deleteProperty(entry, field));
      await expectError(await post(body), 422, 602, `${field} in body is required`);
    }
  });

  it('answers 422 to an unknown kind', async () => {
    await expectError(
      await post(await changed((entry) => (entry['kind'] = 'x'))),
      422,
      422,
      'invalid kind value: "x"',
    );
  });

  it('answers 400 to a kind of stock Rekor that is not here, and says which there are', async () => {
    for (const kind of ['rekord', 'rpm', 'jar', 'alpine', 'helm', 'tuf', 'rfc3161', 'cose']) {
      await expectError(
        await post(await changed((entry) => (entry['kind'] = kind))),
        400,
        400,
        `error processing entry: entries of kind "${kind}" are not supported, only dsse, hashedrekord, intoto`,
      );
    }
  });

  it('answers 422 with code 605 to an apiVersion that is no version', async () => {
    await expectError(
      await post(await changed((entry) => (entry['apiVersion'] = 'v1'))),
      422,
      605,
      /should match/,
    );
  });

  it('answers 400 to a version it does not know', async () => {
    const body = await changed((entry) => (entry['apiVersion'] = '0.0.9'));
    await expectError(
      await post(body),
      400,
      400,
      /^error processing entry: hashedrekord implementation for version '0.0.9' not found/,
    );
  });

  it.each<[string, (spec: Spec) => void]>([
    ['a hash algorithm it does not know', (spec) => (spec.data.hash.algorithm = 'md5')],
    ['a hash of the wrong length', (spec) => (spec.data.hash.value = 'ab')],
    ['a signature that is not base64', (spec) => (spec.signature.content = '*')],
    [
      'a key that is not PEM',
      (spec) => (spec.signature.publicKey.content = encodeBase64(encodeUtf8('no key'))),
    ],
    ['a signature over something else', (spec) => (spec.data.hash.value = '00'.repeat(32))],
    [
      'a signature of another key',
      (spec) =>
        (spec.signature.publicKey.content = encodeBase64(
          encodeUtf8(PrivateKeySigner.generate('P-256').publicKey.toPem()),
        )),
    ],
  ])('answers 400 to %s', async (_, change) => {
    const before = await treeSize();
    await expectError(
      await post(await changed((entry) => change(specOf(entry)))),
      400,
      400,
      /^error processing entry: /,
    );
    expect(await treeSize()).toBe(before);
  });

  it.each([null, 0, '', [], {}, { data: null, signature: null }])(
    'answers 4xx to the spec %j',
    async (spec) => {
      const response = await post(await changed((entry) => (entry['spec'] = spec)));
      expect([400, 422]).toContain(response.status);
    },
  );

  it('answers 413 to a body over the limit', async () => {
    await expectError(
      await post('x'.repeat(64 * 1024 + 1)),
      413,
      413,
      'Request Entity Too Large. Limit set to 65536',
    );
  });

  it('answers 415 to another content type', async () => {
    await expectError(
      await post('{}', '/api/v1/log/entries', 'text/plain'),
      415,
      415,
      'unsupported media type "text/plain", only [application/json] are allowed',
    );
  });

  it('answers 405 with Allow to another method', async () => {
    const response = await request('/api/v1/log/entries', { method: 'DELETE' });
    expect(response.headers.get('allow')).toMatch(/POST/);
    await expectError(response, 405, 405, /not allowed/);
  });
});

describe('GET /api/v1/log/entries', () => {
  it('carries headers against caching', async () => {
    const response = await request('/api/v1/log/entries?logIndex=0');
    expect(response.headers.get('cache-control')).toMatch(/no-store/);
    expect(response.headers.get('pragma')).toBe('no-cache');
    expect(response.headers.get('etag')).toBeNull();
  });

  it('answers 404 without a body past the end, for an unknown ID and for another tree', async () => {
    const unknown = 'ab'.repeat(32);
    for (const path of ['?logIndex=99999', `/${unknown}`, `/0000000000000001${unknown}`]) {
      const response = await request(`/api/v1/log/entries${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBeNull();
      expect(await response.text()).toBe('');
    }
  });

  it('answers 422 to a missing, malformed or negative index', async () => {
    await expectError(await request('/api/v1/log/entries'), 422, 602, 'logIndex in query is required');
    await expectError(
      await request('/api/v1/log/entries?logIndex='),
      422,
      602,
      'logIndex in query is required',
    );
    for (const text of ['x', '1.0', '1e0', '0x0', '%200', '0%00', '0?x', '0?', '٣', '9'.repeat(4000)]) {
      await expectError(
        await request(`/api/v1/log/entries?logIndex=${text}`),
        422,
        601,
        /must be of type int64/,
      );
    }
    await expectError(await request('/api/v1/log/entries?logIndex=9223372036854775808'), 422, 601, /int64/);
    await expectError(
      await request('/api/v1/log/entries?logIndex=-1'),
      422,
      609,
      'logIndex in query should be greater than or equal to 0',
    );
  });

  it('answers 422 to an ID that is not 64 or 80 hex digits', async () => {
    await expectError(await request('/api/v1/log/entries/abc'), 422, 605, /should match/);
  });

  it('answers 400 to a tree ID that is no int64', async () => {
    const id = `ffffffffffffffff${'ab'.repeat(32)}`;
    await expectError(
      await request(`/api/v1/log/entries/${id}`),
      400,
      400,
      'validation error: ffffffffffffffff is not a valid TreeID',
    );
  });

  it('answers 406 to a client that takes none of what there is', async () => {
    const asked = (path: string, accept: string): Promise<Response> => request(path, { headers: { accept } });
    const message = (type: string): string =>
      `unsupported media type requested, only [${type}] are available`;
    for (const path of ['/api/v1/log', '/api/v1/log/entries?logIndex=0', '/api/v1/log/proof?lastSize=1']) {
      await expectError(await asked(path, 'text/html'), 406, 406, message('application/json'));
      expect((await asked(path, 'text/html, */*;q=0.1')).status).toBe(200);
    }
    await expectError(
      await asked('/api/v1/log/publicKey', 'application/json'),
      406,
      406,
      message('application/x-pem-file'),
    );
    for (const accept of ['application/x-pem-file', '*/*', 'application/*'])
      expect((await asked('/api/v1/log/publicKey', accept)).status).toBe(200);
  });

  it('signs afresh on every read', async () => {
    const { id } = await create('fresh');
    const [a, b] = await Promise.all([
      request(`/api/v1/log/entries/${id}`),
      request(`/api/v1/log/entries/${id}`),
    ]);
    expect(await a.text()).not.toBe(await b.text());
  });
});

describe('the log itself', () => {
  it('tells size, root and a checkpoint that verifies', async () => {
    await create('info');
    const response = await request('/api/v1/log/');
    expect(response.status).toBe(200);
    const info = (await response.json()) as Record<string, unknown>;
    const checkpoint = verifyCheckpoint(
      String(info['signedTreeHead']),
      stage.installation.rekorKey,
      'localhost',
    );
    expect(info).toMatchObject({
      inactiveShards: null,
      treeID: TREE_ID,
      treeSize: Number(checkpoint.size),
      rootHash: Buffer.from(checkpoint.rootHash).toString('hex'),
    });
  });

  it('gives its public key as PEM', async () => {
    for (const query of ['', `?treeID=${TREE_ID}`]) {
      const response = await request(`/api/v1/log/publicKey${query}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/x-pem-file');
      expect(await response.text()).toBe(stage.installation.rekorKey.toPem());
    }
    await expectError(await request('/api/v1/log/publicKey?treeID=1'), 400, 400, 'Bad Request');
    await expectError(await request('/api/v1/log/publicKey?treeID=x'), 400, 400, 'Bad Request');
  });

  it('proves that an older tree is a prefix of the newest', async () => {
    for (const artifact of ['p1', 'p2', 'p3']) await create(artifact);
    const size = await treeSize();
    const first = await proofOf(1, size);
    const rootOfOne = hashLeaf(decodeBase64((await entryAt(0)).body));
    verifyConsistency(1n, BigInt(size), first.hashes.map(decodeHex), rootOfOne, decodeHex(first.rootHash));
    expect(await proofOf(size, size)).toEqual({ hashes: [], rootHash: first.rootHash });
    expect((await request(`/api/v1/log/proof?lastSize=${size}&treeID=${TREE_ID}`)).status).toBe(200);
  });

  it('refuses proofs it cannot give', async () => {
    const proof = (query: string) => request(`/api/v1/log/proof?${query}`);
    await expectError(await proof('firstSize=1'), 422, 602, 'lastSize in query is required');
    await expectError(await proof('firstSize=0&lastSize=1'), 422, 609, /greater than or equal to 1/);
    await expectError(await proof('lastSize=1&treeID=x'), 422, 605, /should match/);
    await expectError(await proof('lastSize=1&treeID=5'), 400, 400, 'no log range found for tree ID 5');
    await expectError(
      await proof('firstSize=2&lastSize=1'),
      400,
      400,
      'firstSize(2) must be less than lastSize(1)',
    );
    await expectError(
      await proof('lastSize=99999'),
      400,
      400,
      `the tree size requested(99999) was greater than what is currently observable(${await treeSize()})`,
    );
  });

  it('answers ping', async () => {
    const response = await request('/ping');
    expect([response.status, await response.text()]).toEqual([200, '.']);
    expect((await request('/ping', { method: 'HEAD' })).status).toBe(200);
  });

  it('answers 404 to a path it does not know', async () => {
    await expectError(await request('/api/v1/log/x'), 404, 404, 'path /api/v1/log/x was not found');
  });

  it('is ready, and measured', async () => {
    const ready = await request('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      checks: { database: { ok: true }, [`anchor rekor-v1-${TREE_ID}`]: { ok: true } },
    });
    const metrics = await (await request('/metrics')).text();
    expect(metrics).toMatch(/sigstead_log_entries_total\{log="rekor-v1-\d+",outcome="new"\} [1-9]/);
  });

  it('gives many entries at once one tree', async () => {
    const created = await Promise.all(Array.from({ length: 60 }, (_, i) => create(`many ${i}`)));
    for (const { id, value } of created) verifyEntry(id, value);
    expect(new Set(created.map(({ value }) => value.logIndex)).size).toBe(60);
  });
});

async function treeSize(): Promise<number> {
  const info = (await (await request('/api/v1/log')).json()) as { treeSize: number };
  return info.treeSize;
}

async function proofOf(first: number, last: number): Promise<{ hashes: string[]; rootHash: string }> {
  const response = await request(`/api/v1/log/proof?firstSize=${first}&lastSize=${last}`);
  expect(response.status).toBe(200);
  return (await response.json()) as { hashes: string[]; rootHash: string };
}

async function entryAt(index: number): Promise<LogEntryValue> {
  const response = await request(`/api/v1/log/entries?logIndex=${index}`);
  return Object.values((await response.json()) as Record<string, LogEntryValue>)[0] as LogEntryValue;
}

/** The proposed entry that a logged one came from: the canonical body has the same fields. */
async function hashedRekordLike(id: string): Promise<JsonObject> {
  const response = await request(`/api/v1/log/entries/${id}`);
  const value = Object.values((await response.json()) as Record<string, LogEntryValue>)[0] as LogEntryValue;
  return JSON.parse(Buffer.from(value.body, 'base64').toString()) as JsonObject;
}

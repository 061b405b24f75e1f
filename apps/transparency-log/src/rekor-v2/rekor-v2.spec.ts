import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeBase64, encodeHex, type JsonObject } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import { runSql } from '../testonly/postgres.ts';
import { dsseRequest, hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { expectStatus, ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';

const ENTRIES = '/api/v2/log/entries';
const CONFLICT = 'conflict.rekor.test';
const ECDSA = 'ecdsa.rekor.test';
const STRICT = 'strict.rekor.test';
const FROZEN = 'frozen.rekor.test';
const CLOSED = 'closed.rekor.test';
const listed = PrivateKeySigner.generate('P-256');

const stage = new RekorV2Stage({
  logs: [
    { origin: FROZEN },
    { origin: CONFLICT, settings: { duplicates: 'conflict' } },
    {
      origin: STRICT,
      settings: { entryKinds: ['hashedrekord'], signingAlgorithms: ['ecdsa-sha2-384-nistp384'] },
    },
    { origin: CLOSED, settings: { signers: { keyFiles: ['listed.pem'] } } },
    { origin: ECDSA, keyType: 'P-256' },
    { origin: ORIGIN },
  ],
  files: { 'listed.pem': listed.publicKey.toPem() },
});

beforeAll(() => stage.start(), 60_000);
afterAll(() => stage.stop());

describe('POST /api/v2/log/entries', () => {
  it('answers 201 with the entry, its proof and the checkpoint', async () => {
    const response = await stage.post(ENTRIES, await hashedRekordRequest('an artifact'));
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('etag')).toBeNull();
    expect(response.headers.get('location')).toBeNull();
    stage.verify((await response.json()) as TransparencyLogEntryJson);
  });

  it('answers every field of a TransparencyLogEntry, in the order of the proto, numbers as text', async () => {
    const entry = await stage.create(await hashedRekordRequest('fields'));
    expect(Object.keys(entry)).toEqual([
      'logIndex',
      'logId',
      'kindVersion',
      'integratedTime',
      'inclusionPromise',
      'inclusionProof',
      'canonicalizedBody',
    ]);
    expect(entry).toMatchObject({
      kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      integratedTime: '0',
      inclusionPromise: null,
    });
    expect(entry.logIndex).toMatch(/^[0-9]+$/);
    expect(entry.inclusionProof.treeSize).toMatch(/^[1-9][0-9]*$/);
    expect(decodeBase64(entry.logId.keyId)).toHaveLength(32);
  });

  it('takes an envelope of older clients, and logs it as a hashedrekord', async () => {
    const entry = await stage.create(await dsseRequest('a statement'));
    expect(entry.kindVersion).toEqual({ kind: 'hashedrekord', version: '0.0.2' });
    stage.verify(entry);
  });

  it('answers a repeated submission with the entry as it is, proven anew', async () => {
    const request = await hashedRekordRequest('twice');
    const first = await stage.create(request);
    await stage.create(await hashedRekordRequest('in between'));
    const second = await stage.create(request);
    expect(second).toMatchObject({
      logIndex: first.logIndex,
      canonicalizedBody: first.canonicalizedBody,
    });
    expect(BigInt(second.inclusionProof.treeSize)).toBeGreaterThan(BigInt(first.inclusionProof.treeSize));
    stage.verify(second);
  });

  it('logs the same entry once when it is sent many times at once', async () => {
    const request = await hashedRekordRequest('a crowd');
    const entries = await Promise.all(Array.from({ length: 16 }, () => stage.create(request)));
    expect(new Set(entries.map(({ logIndex }) => logIndex)).size).toBe(1);
    entries.forEach((entry) => stage.verify(entry));
  });

  it('answers 409 with the index instead, where a log is set so', async () => {
    const path = `/shards/${CONFLICT}/api/v2/log/entries`;
    const request = await hashedRekordRequest('conflict');
    const { logIndex } = await stage.create(request, `/shards/${CONFLICT}/api/v2`);
    const response = await stage.post(path, request);
    expect(response.headers.get('x-log-index')).toBe(logIndex);
    await expectStatus(
      response,
      409,
      6,
      `an equivalent entry already exists in the transparency log with index ${logIndex}`,
    );
  });

  it('does not care for the content type', async () => {
    const request = await hashedRekordRequest('content type');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', ';;;']) {
      const response = await stage.post(ENTRIES, request, { 'content-type': type });
      expect(response.status).toBe(201);
    }
  });

  it('takes many entries at once, each with its own index, proven under the checkpoints of their batches', async () => {
    const requests = await Promise.all(
      Array.from({ length: 64 }, (_, i) => hashedRekordRequest(`many ${i}`)),
    );
    const entries = await Promise.all(requests.map((request) => stage.create(request)));
    entries.forEach((entry) => stage.verify(entry));
    expect(new Set(entries.map(({ logIndex }) => logIndex)).size).toBe(64);
    const notes = new Map(
      entries.map(({ inclusionProof: { treeSize, checkpoint } }) => [treeSize, checkpoint.envelope]),
    );
    for (const { inclusionProof } of entries)
      expect(inclusionProof.checkpoint.envelope).toBe(notes.get(inclusionProof.treeSize));
  });
});

describe('POST /api/v2/log/entries refuses', () => {
  it.each<[string, string | JsonObject, string | RegExp]>([
    ['an empty body', '', 'invalid type, must be either hashedrekord or dsse'],
    ['an empty message', '{}', 'invalid type, must be either hashedrekord or dsse'],
    ['malformed JSON', '{"hashedRekordRequestV002":', /^malformed JSON/],
    ['a body that is no object', '[]', 'the request is an array, want an object'],
    ['an unknown field', '{"hashedRekordRequestV002":{},"x":1}', '"x" is an unknown field'],
    [
      'an entry of Rekor v1',
      '{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}',
      '"apiVersion" is an unknown field',
    ],
    [
      'an empty hashedrekord',
      '{"hashedRekordRequestV002":{}}',
      'invalid hashedrekord request: hashedRekordRequestV002.signature is missing',
    ],
    [
      'an empty envelope',
      '{"dsseRequestV002":{}}',
      'invalid dsse request: dsseRequestV002.envelope is missing',
    ],
  ])('%s with 400', async (_, body, message) => {
    await expectStatus(await stage.post(ENTRIES, body), 400, 3, message);
  });

  it('a request without any body with 400', async () => {
    const response = await fetch(`${stage.url}${ENTRIES}`, { method: 'POST' });
    await expectStatus(response, 400, 3, 'invalid type, must be either hashedrekord or dsse');
  });

  it('a signature that does not verify with 400, and logs nothing', async () => {
    const request = await hashedRekordRequest('forged');
    const message = request['hashedRekordRequestV002'] as JsonObject;
    const { size } = await stage.checkpoint();
    const forged = { hashedRekordRequestV002: { ...message, digest: Buffer.alloc(32).toString('base64') } };
    await expectStatus(
      await stage.post(ENTRIES, forged),
      400,
      3,
      'invalid hashedrekord request: verifying signature: hashedRekordRequestV002.signature.content is not by this key over the sha256 digest',
    );
    expect((await stage.checkpoint()).size).toBe(size);
  });

  it('a kind that a log does not take with 400', async () => {
    const response = await stage.post(`/shards/${STRICT}/api/v2/log/entries`, await dsseRequest('x'));
    await expectStatus(response, 400, 3, 'invalid type, must be hashedrekord');
  });

  it('an algorithm that a log does not take with 400', async () => {
    const response = await stage.post(`/shards/${STRICT}/api/v2/log/entries`, await hashedRekordRequest('x'));
    await expectStatus(response, 400, 3, /PKIX_ECDSA_P256_SHA_256 is none of the algorithms this log takes/);
  });

  it('a body over 4 MiB with 400, announced or not', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024 + 1);
    await expectStatus(await stage.post(ENTRIES, large), 400, 3, 'http: request body too large');
    const chunked = await fetch(`${stage.url}${ENTRIES}`, {
      method: 'POST',
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit);
    await expectStatus(chunked, 400, 3, 'http: request body too large');
  });

  it('deep nesting, many members and a bomb of brackets with 400', async () => {
    for (const body of [
      '['.repeat(1_000_000),
      `{"a":${'{"a":'.repeat(100_000)}`,
      `[${'{},'.repeat(500_000)}{}]`,
    ])
      expect((await stage.post(ENTRIES, body)).status).toBe(400);
    await expectStatus(
      await stage.post(ENTRIES, `[${'{},'.repeat(300)}{}]`),
      400,
      3,
      /JSON of more than 256 values/,
    );
  });

  it('gzip, which it never unpacks, with 400', async () => {
    const response = await fetch(`${stage.url}${ENTRIES}`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
    });
    await expectStatus(response, 400, 3, /JSON|UTF-8/);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('%s with 501', async (method) => {
    await expectStatus(await fetch(`${stage.url}${ENTRIES}`, { method }), 501, 12, 'Method Not Allowed');
  });

  it('a path that is not there with 404', async () => {
    for (const path of ['/api/v2', '/api/v2/log', '/api/v2/entries', '/shards', `/shards/${ORIGIN}/x`])
      await expectStatus(await stage.get(path), 404, 5, 'Not Found');
    await expectStatus(await stage.post('/api/v2/log/entriesx', {}), 404, 5, 'Not Found');
  });

  it('an entry for a shard that is not there with 404', async () => {
    const response = await stage.post(
      '/shards/nobody.test/api/v2/log/entries',
      await hashedRekordRequest('x'),
    );
    await expectStatus(response, 404, 5, 'Not Found');
  });
});

describe('a shard under its path', () => {
  it('takes entries into its own tree, under its own key, at both paths', async () => {
    const request = await hashedRekordRequest('shard');
    const [first, again] = [
      await stage.create(request, `/shards/${ECDSA}/api/v2`),
      await stage.create(request, `/shards/${ECDSA}`),
    ];
    stage.verify(first, ECDSA);
    expect(again.logIndex).toBe(first.logIndex);
    expect((await stage.checkpoint(`/shards/${ECDSA}/checkpoint`, ECDSA)).size).toBe(1n);
    const hash = encodeHex(hashLeaf(decodeBase64(first.canonicalizedBody)));
    expect((await stage.get(`/shards/${ORIGIN}/api/v2/log/entries/${hash}`)).status).toBe(404);
  });

  it('has the SHA-256 of the key as its log ID when the key is ECDSA', async () => {
    const entry = await stage.create(await hashedRekordRequest('id'), `/shards/${ECDSA}`);
    expect(decodeBase64(entry.logId.keyId)).toEqual(Uint8Array.from(stage.keyOf(ECDSA).keyId));
  });
});

describe('a frozen log', () => {
  beforeAll(async () => {
    await stage.create(await hashedRekordRequest('before'), `/shards/${FROZEN}`);
    await runSql(
      stage.database.ownerUrl,
      `UPDATE tlog.log SET state = 'frozen' WHERE origin = '${FROZEN}'`,
      `INSERT INTO tlog.freeze SELECT id, ${Date.UTC(2026, 10, 3, 4, 5, 6)} FROM tlog.log WHERE origin = '${FROZEN}'`,
    );
  });

  it('answers 405 in text', async () => {
    const response = await stage.post(`/shards/${FROZEN}/log/entries`, await hashedRekordRequest('after'));
    expect(response.status).toBe(405);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.text()).toBe('This log has been frozen, please switch to the latest log.\n');
  });

  it('says in its checkpoint when it was frozen, under the same root', async () => {
    const checkpoint = await stage.checkpoint(`/shards/${FROZEN}/checkpoint`, FROZEN);
    expect(checkpoint.size).toBe(1n);
    expect(checkpoint.extensions).toEqual(['Log frozen — Tue Nov  3 04:05:06 UTC 2026']);
  });

  it('serves its tiles and entries on', async () => {
    const bundle = await stage.get(`/shards/${FROZEN}/tile/entries/000.p/1`);
    expect(bundle.status).toBe(200);
    const response = await stage.get(`/shards/${FROZEN}/api/v2/log/entries?logIndex=0`);
    stage.verify((await response.json()) as TransparencyLogEntryJson, FROZEN);
  });
});

describe('other origins', () => {
  it('may post and read', async () => {
    const preflight = await fetch(`${stage.url}${ENTRIES}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    for (const path of ['/checkpoint', '/api/v2/checkpoint', `/shards/${ORIGIN}/tile/0/000.p/1`]) {
      const response = await stage.get(path, { origin: 'https://app.example' });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    }
  });
});

describe('a log with signers of its own', () => {
  it('takes entries by their keys only', async () => {
    await stage.create(await hashedRekordRequest('listed', listed), `/shards/${CLOSED}`);
    const response = await stage.post(`/shards/${CLOSED}/log/entries`, await hashedRekordRequest('others'));
    await expectStatus(
      response,
      400,
      3,
      'invalid hashedrekord request: the key or certificate of the entry is not among those this log takes',
    );
  });
});

describe('checks on threads', () => {
  it('answer as those on the event loop', async () => {
    const threaded = new RekorV2Stage({ admissionThreads: 1 });
    try {
      await threaded.start();
      threaded.verify(await threaded.create(await hashedRekordRequest('on a thread')));
      threaded.verify(await threaded.create(await dsseRequest('on a thread')));
      await expectStatus(
        await threaded.post(ENTRIES, '{"hashedRekordRequestV002":{}}'),
        400,
        3,
        'invalid hashedrekord request: hashedRekordRequestV002.signature is missing',
      );
      await expectStatus(await threaded.post(ENTRIES, ''), 400, 3, /^invalid type/);
    } finally {
      await threaded.stop();
    }
  }, 90_000);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TransparencyLogEntry } from '@sigstead/bundle';
import { encodeUtf8 } from '@sigstead/encoding';
import { LogProofs } from './log-proofs.ts';

const HASH = 'ab'.repeat(32);
const ENTRY: TransparencyLogEntry = {
  logIndex: 7n,
  logId: new Uint8Array(32),
  kind: 'hashedrekord',
  kindVersion: '0.0.1',
  integratedTimeSeconds: 1n,
  canonicalizedBody: encodeUtf8('body'),
};
const PROOF = { checkpoint: 'note', hashes: [HASH], logIndex: 3, rootHash: HASH, treeSize: 9 };
const entry = (more: object = {}, proof: object = PROOF) => ({
  [HASH]: {
    body: Buffer.from('body').toString('base64'),
    verification: { inclusionProof: proof },
    ...more,
  },
});

describe('a log that is asked for a proof', () => {
  let server: Server;
  let baseUrl: string;
  let answer: { status: number; text: string };
  let asked: string | undefined;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked = request.url;
      if (answer.status === 0) return;
      response.writeHead(answer.status).end(answer.text);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });

  const find = (status: number, body: object | string, signal = new AbortController().signal) => {
    answer = { status, text: typeof body === 'string' ? body : JSON.stringify(body) };
    // Only where nothing comes is the time to be over.
    return new LogProofs({ baseUrl, fetch, timeoutMs: status === 0 ? 200 : 10_000 }).find(ENTRY, signal);
  };

  it('gives it', async () => {
    expect(await find(200, entry())).toMatchObject({
      proof: { logIndex: 3n, treeSize: 9n, hashes: [expect.any(Uint8Array)], checkpoint: 'note' },
    });
    expect(asked).toBe('/api/v1/log/entries?logIndex=7');
  });

  it.each<[string, number, object | string, string]>([
    ['does not know the entry', 404, '', 'has no entry 7'],
    ['is in trouble', 500, '', 'answered 500'],
    ['redirects', 302, '', 'could not be reached'],
    ['has another entry there', 200, entry({ body: 'eA==' }), 'has another entry at index 7'],
    ['has several', 200, { ...entry(), other: {} }, '2 entries instead of one'],
    ['speaks no JSON', 200, '<html>', 'cannot be read'],
    ['has no proof', 200, entry({ verification: {} }), 'inclusionProof is no object'],
    ['has no hashes', 200, entry({}, { ...PROOF, hashes: 'x' }), 'hashes is no list'],
    ['has too many', 200, entry({}, { ...PROOF, hashes: Array(65).fill(HASH) }), 'hashes is no list'],
    [
      'has an index that is none',
      200,
      entry({}, { ...PROOF, logIndex: -1 }),
      'logIndex is no natural number',
    ],
    ['talks without end', 200, 'x'.repeat(2 * 1024 * 1024 + 1), 'more than'],
    ['does not answer', 0, '', 'did not answer in time'],
  ])('is a reason when it %s', async (_, status, body, reason) => {
    expect(await find(status, body)).toEqual({ missing: expect.stringContaining(reason) });
  });

  it('is a reason when it is not there, or nobody waits for it any more', async () => {
    const nobody = new LogProofs({ baseUrl: 'http://127.0.0.1:9', fetch, timeoutMs: 200 });
    expect(await nobody.find(ENTRY, new AbortController().signal)).toEqual({
      missing: 'the log could not be reached',
    });
    expect(await find(200, entry(), AbortSignal.abort())).toEqual({
      missing: 'the log did not answer in time',
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '@sigstead/crypto';
import { decodeBase64, encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import { dsseRequest, hashedRekordRequest, requestSigner } from '../testonly/rekor-v2-requests.ts';
import { expectStatus, ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';

const OLDER = 'log2025-1.rekor.test';
const ENTRIES = '/api/v2/log/entries';
const RETRIEVE = '/api/v2/index/retrieve';

const stage = new RekorV2Stage({ logs: [{ origin: OLDER }, { origin: ORIGIN }] });
let entries: TransparencyLogEntryJson[];
let older: TransparencyLogEntryJson;

beforeAll(async () => {
  await stage.start();
  entries = [];
  for (let i = 0; i < 5; i++) entries.push(await stage.create(await hashedRekordRequest(`artifact ${i}`)));
  older = await stage.create(await hashedRekordRequest('artifact 0'), `/shards/${OLDER}`);
}, 60_000);
afterAll(() => stage.stop());

function leafHashOf({ canonicalizedBody }: TransparencyLogEntryJson): string {
  return encodeHex(hashLeaf(decodeBase64(canonicalizedBody)));
}

const digestOf = (text: string): string => `sha256:${encodeHex(sha256(encodeUtf8(text)))}`;

async function found(query: unknown, path = RETRIEVE): Promise<unknown> {
  const response = await stage.post(path, query);
  const answer = (await response.json()) as unknown;
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  return answer;
}

describe('GET /api/v2/log/entries?logIndex=N', () => {
  it('answers the entry, proven under the newest head', async () => {
    for (const [i, entry] of entries.entries()) {
      const response = await stage.get(`${ENTRIES}?logIndex=${i}`);
      const read = (await response.json()) as TransparencyLogEntryJson;
      expect(read.canonicalizedBody).toBe(entry.canonicalizedBody);
      expect(read.inclusionProof.treeSize).toBe('5');
      stage.verify(read);
    }
  });

  it('counts in the shard whose path it is under', async () => {
    const response = await stage.get(`/shards/${OLDER}/log/entries?logIndex=0`);
    stage.verify((await response.json()) as TransparencyLogEntryJson, OLDER);
  });

  it('answers 404 past the end', async () => {
    for (const index of ['5', '9007199254740993', '9223372036854775807'])
      await expectStatus(await stage.get(`${ENTRIES}?logIndex=${index}`), 404, 5, 'there is no such entry');
  });

  it.each([
    '',
    '?logIndex=',
    '?logIndex=-1',
    '?logIndex=x',
    '?logIndex=1.5',
    '?logIndex=99999999999999999999',
  ])('answers 400 to %p', async (query) => {
    await expectStatus(await stage.get(`${ENTRIES}${query}`), 400, 3, /logIndex in query/);
  });
});

describe('GET /api/v2/log/entries/<leaf hash>', () => {
  it('answers the entry, of the newest shard that has it', async () => {
    for (const entry of entries) {
      const response = await stage.get(`${ENTRIES}/${leafHashOf(entry)}`);
      const read = (await response.json()) as TransparencyLogEntryJson;
      expect(read.logIndex).toBe(entry.logIndex);
      stage.verify(read);
    }
  });

  it('finds what only an older shard has', async () => {
    const entry = await stage.create(await hashedRekordRequest('only older'), `/shards/${OLDER}`);
    const response = await stage.get(`${ENTRIES}/${leafHashOf(entry).toUpperCase()}`);
    stage.verify((await response.json()) as TransparencyLogEntryJson, OLDER);
  });

  it('answers 404 when there is none', async () => {
    await expectStatus(await stage.get(`${ENTRIES}/${'00'.repeat(32)}`), 404, 5, 'there is no such entry');
  });

  it.each(['0', 'zz'.repeat(32), '00'.repeat(31), '00'.repeat(40), '%00'.repeat(64)])(
    'answers 400 to %s',
    async (hash) => {
      await expectStatus(
        await stage.get(`${ENTRIES}/${hash}`),
        400,
        3,
        'leafHash in path must have 64 hex digits',
      );
    },
  );
});

describe('POST /api/v2/index/retrieve', () => {
  it('finds by digest in every shard, newest first', async () => {
    const [entry] = entries as [TransparencyLogEntryJson];
    expect(await found({ hash: digestOf('artifact 0') })).toEqual([
      { origin: ORIGIN, logIndex: entry.logIndex, leafHash: leafHashOf(entry) },
      { origin: OLDER, logIndex: older.logIndex, leafHash: leafHashOf(older) },
    ]);
  });

  it('finds in the shard whose path it is under', async () => {
    expect(await found({ hash: digestOf('artifact 0') }, `/shards/${OLDER}/index/retrieve`)).toHaveLength(1);
    expect(await found({ hash: digestOf('artifact 1') }, `/shards/${OLDER}/index/retrieve`)).toEqual([]);
  });

  it('finds by public key, and by key and digest together', async () => {
    const publicKey = { format: 'x509', content: encodeBase64(encodeUtf8(requestSigner.publicKey.toPem())) };
    const all = (await found({ publicKey }, `/shards/${ORIGIN}/index/retrieve`)) as { logIndex: string }[];
    expect(all.slice(-5).map(({ logIndex }) => logIndex)).toEqual(['4', '3', '2', '1', '0']);
    const both = { publicKey, hash: digestOf('artifact 3'), operator: 'and' };
    expect(await found(both, `/shards/${ORIGIN}/index/retrieve`)).toMatchObject([{ logIndex: '3' }]);
  });

  it('finds an envelope by its payload', async () => {
    const { logIndex } = await stage.create(await dsseRequest('the payload'));
    expect(await found({ hash: digestOf('the payload') })).toMatchObject([{ origin: ORIGIN, logIndex }]);
  });

  it('goes on where a page ended, through the shards', async () => {
    const publicKey = { format: 'x509', content: encodeBase64(encodeUtf8(requestSigner.publicKey.toPem())) };
    const all = (await found({ publicKey })) as { origin: string; logIndex: string }[];
    const paged: unknown[] = [];
    let after: { origin: string; before: number } | undefined;
    for (;;) {
      const page = (await found({ publicKey, limit: 2, ...after })) as typeof all;
      const last = page.at(-1);
      if (last === undefined) break;
      paged.push(...page);
      after = { origin: last.origin, before: Number(last.logIndex) };
    }
    expect(paged).toEqual(all);
  });

  it('finds nothing without a criterion', async () => {
    expect(await found({})).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no body', '', /query in body is required/],
    ['no object', '[]', /no JSON object/],
    ['malformed JSON', '{', /malformed JSON/],
    ['very many values', `{"hash":[${'[],'.repeat(5_000)}1]}`, /more than 4096 values/],
    ['a digest that is none', { hash: 'x' }, /hash in body should match/],
    ['an operator that is none', { operator: 'xor' }, /operator in body/],
    ['a key that is none', { publicKey: { format: 'x509', content: 'AA==' } }, /could not be parsed/],
    // Stock Rekor v1 once fetched it.
    ['a URL for a key', { publicKey: { format: 'x509', url: 'http://127.0.0.1:1/' } }, /could not be parsed/],
    ['an origin that is no shard', { hash: digestOf('x'), origin: 'nobody.test' }, /origin in body/],
    ['an origin that is no text', { hash: digestOf('x'), origin: 7 }, /origin is no text/],
    ['too large a limit', { hash: digestOf('x'), limit: 100_000 }, /limit in body/],
  ])('answers 400 to %s', async (_, query, message) => {
    await expectStatus(await stage.post(RETRIEVE, query), 400, 3, message);
  });

  it('answers 501 to another method', async () => {
    await expectStatus(await stage.get(RETRIEVE), 501, 12, 'Method Not Allowed');
  });
});

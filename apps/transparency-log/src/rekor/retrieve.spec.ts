import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashedRekord } from '../testonly/entries.ts';
import { expectError } from '../testonly/rekor-api.ts';
import { RekorStage } from '../testonly/rekor-stage.ts';

const stage = new RekorStage();
const { api } = stage;
beforeAll(() => stage.start(), 60_000);
afterAll(() => stage.stop());

const PATH = '/api/v1/log/entries/retrieve';
const ids: string[] = [];

beforeAll(async () => {
  for (let i = 0; i < 12; i++) ids.push((await api.create(await hashedRekord(`retrieve ${i}`))).id);
});

const found = async (query: unknown): Promise<string[]> => (await api.retrieve(query)).map(([id]) => id);
const ask = (query: unknown): Promise<Response> => api.post(PATH, query);

describe('POST /api/v1/log/entries/retrieve', () => {
  it('gives entries by ID, leaf hash, index and proposal, in that order, with proofs that verify', async () => {
    const proposed = await hashedRekord('retrieve proposed');
    const { id } = await api.create(proposed);
    const read = await api.retrieve({
      logIndexes: [5, 1],
      entries: [proposed],
      entryUUIDs: [ids[3]?.slice(16).toUpperCase(), ids[2]?.toUpperCase(), ids[0]],
    });
    expect(read.map(([entryId]) => entryId)).toEqual([ids[2], ids[0], ids[3], id, ids[5], ids[1]]);
    for (const [entryId, value] of read) api.verify(entryId, value);
  });

  it('leaves out what there is not', async () => {
    const unknown = 'ab'.repeat(32);
    expect(
      await found({
        entryUUIDs: [unknown, `0000000000000001${ids[0]?.slice(16)}`, ids[0]],
        logIndexes: [99_999, Number.MAX_SAFE_INTEGER, 1e18],
        entries: [await hashedRekord('never logged')],
      }),
    ).toEqual([ids[0]]);
  });

  it('gives an entry asked for twice twice', async () => {
    expect(await found({ logIndexes: [4, 4], entryUUIDs: [ids[4]] })).toEqual([ids[4], ids[4], ids[4]]);
  });

  it('takes null for an array, an empty list of entries, and unknown fields', async () => {
    expect(await found({ entryUUIDs: null, logIndexes: null, entries: null })).toEqual([]);
    expect(await found({})).toEqual([]);
    expect(await found({ entries: [], logIndexes: [0], other: 1 })).toEqual([ids[0]]);
  });

  it('takes a trailing slash, carries no headers against caching, and answers any origin', async () => {
    const response = await fetch(`${stage.url}${PATH}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://ui.example' },
      body: JSON.stringify({ logIndexes: [0] }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('gives ten, and refuses an eleventh', async () => {
    expect(await found({ logIndexes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] })).toEqual(ids.slice(0, 10));
    await expectError(
      await ask({ logIndexes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }),
      422,
      611,
      'logIndexes in body should have at most 10 items',
    );
    await expectError(
      await ask({ entryUUIDs: ids.slice(0, 11) }),
      422,
      611,
      'entryUUIDs in body should have at most 10 items',
    );
    await expectError(
      await ask({ entries: Array(11).fill({}) }),
      422,
      611,
      'entries in body should have at most 10 items',
    );
    await expectError(
      await ask({ entryUUIDs: ids.slice(0, 6), logIndexes: [0, 1, 2, 3, 4] }),
      422,
      422,
      'more than max allowed 10 entries in request',
    );
  });

  it.each<[string, unknown, number, number, string | RegExp]>([
    ['an empty list of IDs', { entryUUIDs: [] }, 422, 612, 'entryUUIDs in body should have at least 1 items'],
    [
      'an empty list of indexes',
      { logIndexes: [] },
      422,
      612,
      'logIndexes in body should have at least 1 items',
    ],
    ['an ID of another form', { entryUUIDs: ['abc'] }, 422, 605, /^entryUUIDs\.0 in body should match/],
    ['a null ID', { entryUUIDs: [null] }, 422, 605, /^entryUUIDs\.0 in body should match/],
    [
      'a negative index',
      { logIndexes: [0, -1] },
      422,
      609,
      'logIndexes.1 in body should be greater than or equal to 0',
    ],
    ['a null index', { logIndexes: [null] }, 422, 602, 'logIndexes.0 in body is required'],
    ['an index that is no integer', { logIndexes: [0.5] }, 400, 400, /a log index is no integer/],
    ['an index that is a text', { logIndexes: ['0'] }, 400, 400, /a log index is no integer/],
    ['no list', { logIndexes: 5 }, 400, 400, /logIndexes is no array/],
    ['an ID that is no text', { entryUUIDs: [5] }, 400, 400, /an entry UUID is no text/],
    ['a list as body', [], 400, 400, /no JSON object/],
    ['malformed JSON', '{', 400, 400, /malformed JSON/],
    ['JSON nested too deep', '['.repeat(100), 400, 400, /nested deeper/],
    ['very many values', `{"other":[${'[],'.repeat(5_000)}1]}`, 400, 400, /more than 4096 values/],
    ['null', 'null', 422, 602, 'entry in body is required'],
    ['nothing', '', 422, 602, 'entry in body is required'],
    ['an entry without kind', { entries: [{}] }, 400, 400, 'kind in body is required'],
    ['an entry that is no object', { entries: [null] }, 400, 400, 'an entry must be a JSON object'],
    [
      'an ID of a tree that cannot be',
      { entryUUIDs: [`ffffffffffffffff${'ab'.repeat(32)}`] },
      400,
      400,
      `invalid entryID ffffffffffffffff${'ab'.repeat(32)}`,
    ],
    [
      'an ID of tree zero',
      { entryUUIDs: [`0000000000000000${'ab'.repeat(32)}`] },
      400,
      400,
      `invalid entryID 0000000000000000${'ab'.repeat(32)}`,
    ],
  ])('refuses %s', async (_, query, status, code, message) => {
    await expectError(await ask(query), status, code, message);
  });

  it('refuses an entry whose signature does not verify', async () => {
    const entry = await hashedRekord('retrieve bad');
    (entry['spec'] as { data: { hash: { value: string } } }).data.hash.value = '00'.repeat(32);
    await expectError(await ask({ entries: [entry] }), 400, 400, /^verifying signature/);
  });

  it('answers 415 to another content type, 405 to another method, 413 to too much', async () => {
    const asText = await fetch(`${stage.url}${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    await expectError(
      asText,
      415,
      415,
      'unsupported media type "text/plain", only [application/json] are allowed',
    );
    const removed = await fetch(`${stage.url}${PATH}`, { method: 'DELETE' });
    expect(removed.status).toBe(405);
    await expectError(
      await ask('x'.repeat(70_000)),
      413,
      413,
      'Request Entity Too Large. Limit set to 65536',
    );
  });
});

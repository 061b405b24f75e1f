import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeBase64, encodeHex } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT, hashLeaf } from '@sigstead/merkle';
import { parseEntryBundle } from '@sigstead/tiles';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';

const EMPTY = 'empty.rekor.test';
const ENTRIES = 300;
const PREFIXES = ['', '/api/v2', `/shards/${ORIGIN}`, `/shards/${ORIGIN}/api/v2`];

const stage = new RekorV2Stage({ logs: [{ origin: EMPTY }, { origin: ORIGIN }] });
const bodies = new Map<number, Uint8Array>();

beforeAll(async () => {
  await stage.start();
  const requests = await Promise.all(Array.from({ length: ENTRIES }, (_, i) => hashedRekordRequest(`${i}`)));
  const entries = await Promise.all(requests.map((request) => stage.create(request)));
  for (const entry of entries) bodies.set(Number(entry.logIndex), decodeBase64(entry.canonicalizedBody));
}, 120_000);
afterAll(() => stage.stop());

async function bytesOf(path: string, status = 200): Promise<Uint8Array> {
  const response = await stage.get(path);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect({ path, status: response.status }).toEqual({ path, status });
  return bytes;
}

describe('GET checkpoint', () => {
  it.each(PREFIXES)('answers the newest head at %s/checkpoint, for nobody to keep', async (prefix) => {
    const response = await stage.get(`${prefix}/checkpoint`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const checkpoint = await stage.checkpoint(`${prefix}/checkpoint`);
    expect(checkpoint).toMatchObject({ origin: ORIGIN, size: BigInt(ENTRIES), extensions: [] });
  });

  it('answers HEAD without a body', async () => {
    const response = await fetch(`${stage.url}/checkpoint`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('is the same note every time', async () => {
    const notes = await Promise.all(
      Array.from({ length: 5 }, async () => (await stage.get('/checkpoint')).text()),
    );
    expect(new Set(notes).size).toBe(1);
  });

  it('is there at once for a new log, of size 0', async () => {
    const checkpoint = await stage.checkpoint(`/shards/${EMPTY}/checkpoint`, EMPTY);
    expect(checkpoint).toMatchObject({ size: 0n, extensions: [] });
    expect(encodeHex(checkpoint.rootHash)).toBe(encodeHex(EMPTY_ROOT));
  });

  it('is 404 for a shard that is not there', async () => {
    expect((await stage.get('/shards/nobody.test/checkpoint')).status).toBe(404);
  });

  it('cannot be written', async () => {
    expect((await stage.post('/api/v2/checkpoint', '')).status).toBe(501);
    expect((await stage.post('/checkpoint', '')).status).toBe(405);
  });
});

describe('GET tile', () => {
  it('gives the tree of the checkpoint: entries hash to level 0, level 0 to level 1, that to the root', async () => {
    const full = await bytesOf('/tile/entries/000');
    const rest = await bytesOf(`/tile/entries/001.p/${ENTRIES - 256}`);
    const entries = [...parseEntryBundle(full, 256), ...parseEntryBundle(rest, ENTRIES - 256)];
    entries.forEach((entry, i) => expect(encodeHex(entry)).toBe(encodeHex(bodies.get(i) as Uint8Array)));
    const leaves = entries.map(hashLeaf);
    const level0 = Buffer.concat([await bytesOf('/tile/0/000'), await bytesOf('/tile/0/001.p/44')]);
    expect(encodeHex(level0)).toBe(encodeHex(Buffer.concat(leaves)));
    const range = CompactRange.from(0n, []);
    for (const leaf of leaves.slice(0, 256)) range.append(leaf, () => undefined);
    expect(encodeHex(await bytesOf('/tile/1/000.p/1'))).toBe(encodeHex(range.root()));
    for (const leaf of leaves.slice(256)) range.append(leaf, () => undefined);
    expect(encodeHex(range.root())).toBe(encodeHex((await stage.checkpoint()).rootHash));
  });

  it.each(PREFIXES)('is the same under %s/tile/', async (prefix) => {
    expect(await bytesOf(`${prefix}/tile/0/000`)).toHaveLength(8192);
    expect(await bytesOf(`${prefix}/tile/entries/001.p/7`)).toEqual(
      (await bytesOf('/tile/entries/001.p/44')).slice(0, (await bytesOf('/tile/entries/001.p/7')).length),
    );
  });

  it('of every width there was is there for ever, as a prefix', async () => {
    const full = await bytesOf('/tile/0/000');
    for (const width of [1, 2, 100, 255])
      expect(await bytesOf(`/tile/0/000.p/${width}`)).toEqual(full.slice(0, width * 32));
  });

  it.each([
    '/tile/0/002',
    '/tile/0/001',
    '/tile/0/001.p/45',
    '/tile/1/000',
    '/tile/2/000.p/1',
    '/tile/entries/001.p/45',
    '/tile/entries/x001/000',
  ])('beyond the tree is 404 and not to be kept: %s', async (path) => {
    const response = await stage.get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    '/tile/0/0',
    '/tile/00/000',
    '/tile/64/000',
    '/tile/-1/000',
    '/tile/0/1000',
    '/tile/0/x000/001',
    '/tile/0/000.p/0',
    '/tile/0/000.p/256',
    '/tile/0/000.p/01',
    '/tile/0/000/',
    '/tile/%30/000',
    '/tile/x/tile/0/000',
    '/tile/tile/0/000',
    '/tile/data/000',
    '/tile/entries/000.p/',
    '/tile/',
    `/tile/0/${'x999/'.repeat(200)}000`,
  ])('with a path that is none is 404: %s', async (path) => {
    expect((await stage.get(path)).status).toBe(404);
  });

  it('is 404 in an empty log', async () => {
    for (const tile of ['0/000', '0/000.p/1', 'entries/000', 'entries/000.p/1'])
      expect((await stage.get(`/shards/${EMPTY}/tile/${tile}`)).status).toBe(404);
  });

  it('may be kept for ever and is given compressed when asked', async () => {
    const response = await stage.get('/tile/entries/000', { 'accept-encoding': 'gzip' });
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(parseEntryBundle(new Uint8Array(await response.arrayBuffer()), 256)).toHaveLength(256);
  });

  it('cannot be written', async () => {
    expect((await stage.post('/api/v2/tile/0/000', '')).status).toBe(501);
  });
});

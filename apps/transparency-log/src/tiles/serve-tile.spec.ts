import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { concatBytes } from '@sigstead/encoding';
import { encodeEntryBundle, parseEntryBundle } from '@sigstead/tiles';
import { gunzipSync } from 'node:zlib';
import { openReplica, submission, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { acceptsGzip, TileServer } from './serve-tile.ts';
import { TileReader, type TileSource } from './tile-reader.ts';

const SIZE = 260;

let postgres: TestPostgres;
let folder: { path: string; remove(): Promise<void> };
let replica: Replica;
let bundles: TileServer;
let dataTiles: TileServer;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryDirectory();
  const { serviceUrl: databaseUrl } = await postgres.createDatabase();
  replica = await openReplica({ databaseUrl, anchorDirectory: folder.path });
  const submissions = Array.from({ length: SIZE }, (_, i) => submission(`entry ${i}`, 100));
  await Promise.all(submissions.map((each) => replica.log.sequencer.submit(each)));
  const reader = new TileReader(replica.log);
  bundles = new TileServer(reader, { level: 'entries', encode: encodeEntryBundle });
  dataTiles = new TileServer(reader, { level: 'data', encode: (entries) => concatBytes(...entries) });
}, 60_000);

afterAll(async () => {
  await replica?.close();
  await folder?.remove();
  await postgres?.stop();
});

const IMMUTABLE = 'public, max-age=604800, immutable';

describe('TileServer', () => {
  it.each([
    ['tile/0/000', 8192],
    ['tile/0/000.p/255', 8160],
    ['tile/0/001.p/4', 128],
    ['tile/0/001.p/1', 32],
    ['tile/1/000.p/1', 32],
  ])('gives %s to be kept for ever', async (path, length) => {
    const answer = await bundles.serve(path, 'gzip');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'cache-control': IMMUTABLE },
    });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.body).toHaveLength(length);
  });

  it('gives entry bundles of a log of tiles, data tiles of a certificate-transparency log, and neither to the other', async () => {
    const bundle = await bundles.serve('tile/entries/001.p/4', undefined);
    const entries = parseEntryBundle(bundle.body, 4);
    expect(Buffer.from(entries[3] as Uint8Array).toString('latin1')).toMatch(/^entry 259\0{100}$/);
    const data = await dataTiles.serve('tile/data/001.p/4', undefined);
    expect(Buffer.from(data.body)).toEqual(Buffer.concat(entries));
    for (const { status, headers } of [bundle, data])
      expect({ status, headers }).toMatchObject({ status: 200, headers: { 'cache-control': IMMUTABLE } });
    expect(await bundles.serve('tile/data/000', undefined)).toMatchObject({ status: 404 });
    expect(await dataTiles.serve('tile/entries/000', undefined)).toMatchObject({ status: 404 });
  });

  it('compresses bundles for those who accept it, and says that it depends', async () => {
    for (const path of ['tile/entries/000', 'tile/entries/000', 'tile/entries/001.p/4']) {
      const plain = await bundles.serve(path, 'br;q=1.0, identity');
      const compressed = await bundles.serve(path, 'deflate, gzip;q=0.5');
      expect(plain.headers).not.toHaveProperty('content-encoding');
      expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': IMMUTABLE });
      expect(Buffer.compare(gunzipSync(compressed.body), plain.body)).toBe(0);
      for (const { headers } of [plain, compressed])
        expect(headers).toMatchObject({ vary: 'Accept-Encoding' });
    }
  });

  it('gives all who ask for a bundle the same bytes, of whatever width, so that slow clients hold one copy', async () => {
    const server = new TileServer(new TileReader(replica.log), {
      level: 'entries',
      encode: encodeEntryBundle,
    });
    const bodies = async (paths: readonly string[], accept: string) => {
      const answers = await Promise.all(paths.map((path) => server.serve(path, accept)));
      return new Set(answers.map(({ body }) => body.buffer)).size;
    };
    const [full, partial] = ['tile/entries/000', 'tile/entries/000.p/7'];
    expect(await bodies([full, partial, full, 'tile/entries/000.p/255'], 'identity')).toBe(1);
    expect(await bodies([full, full, full], 'gzip')).toBe(1);
    const { body } = await server.serve(partial, 'identity');
    expect(parseEntryBundle(body, 7)).toHaveLength(7);
  });

  it('does not compress a large partial bundle, of which every width would be another copy', async () => {
    const entries = Array.from({ length: 200 }, () => new Uint8Array(10_000));
    const source = {
      publication: { head: () => Promise.resolve({ size: 200n, root: new Uint8Array(32) }) },
      reader: {
        ...replica.log.reader,
        entriesBetween: () => Promise.resolve(entries.map((entry, i) => ({ index: BigInt(i), entry }))),
      },
    } as unknown as TileSource;
    const server = new TileServer(new TileReader(source), { level: 'entries', encode: encodeEntryBundle });
    const large = await server.serve('tile/entries/000.p/200', 'gzip');
    expect(large.headers).not.toHaveProperty('content-encoding');
    expect(large.body).toHaveLength(200 * 10_002);
    const small = await server.serve('tile/entries/000.p/100', 'gzip');
    expect(gunzipSync(small.body)).toHaveLength(100 * 10_002);
  });

  it.each([
    'tile/0/001',
    'tile/0/001.p/5',
    'tile/0/002.p/1',
    'tile/1/000',
    'tile/1/000.p/2',
    'tile/2/000.p/1',
    'tile/63/000',
    'tile/entries/001',
    'tile/entries/001.p/5',
    'tile/entries/x072/x057/x594/x037/x927/935',
  ])('answers 404 that no cache keeps to %s, which may come', async (path) => {
    for (const accept of [undefined, 'gzip']) {
      const { status, headers, body } = await bundles.serve(path, accept);
      expect({ status, headers }).toEqual({
        status: 404,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      });
      expect(Buffer.from(body).toString()).toBe('Not Found\nthe published tree has no such tile\n');
    }
  });

  it.each(['', 'tile/0/0', 'tile/64/000', 'tile/0/000.p/256', 'tile/0/../0/000', 'tile/data/000', 'tile'])(
    'answers 404 that caches may keep to %p, which never comes',
    async (path) => {
      const { status, headers } = await bundles.serve(path, undefined);
      expect({ status, headers }).toMatchObject({
        status: 404,
        headers: { 'cache-control': 'public, max-age=86400' },
      });
    },
  );
});

describe('acceptsGzip', () => {
  it.each(['gzip', 'GZIP', 'x-gzip', 'br, gzip', 'gzip;q=0.001', 'gzip ; q=1'])(
    'finds it in %p',
    (header) => {
      expect(acceptsGzip(header)).toBe(true);
    },
  );

  it.each([undefined, '', '*', 'identity', 'gzipped', 'gzip;q=0', 'gzip; q=0.000', 'br'])(
    'does not find it in %p',
    (header) => {
      expect(acceptsGzip(header)).toBe(false);
    },
  );
});

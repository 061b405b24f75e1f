import { beforeAll, describe, expect, it } from '@jest/globals';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import fc from 'fast-check';
import { bundleFormat } from './entry-format.ts';
import { encodeEntryBundle } from './entry-bundle.ts';
import { serveLog, type ServedLog } from './testonly/served-log.ts';
import { tilesOf } from './tile-width.ts';
import { verifyTileLog, type TileLogReport, type TileLogToVerify } from './verify-tile-log.ts';

const entriesOf = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => encodeUtf8(`entry ${i}`));

function verify(log: ServedLog, options: Partial<TileLogToVerify> = {}): Promise<TileLogReport> {
  return verifyTileLog({
    head: log,
    format: bundleFormat(),
    fetchResource: (path, maxBytes) => Promise.resolve(log.resources.get(path)?.subarray(0, maxBytes + 1)),
    ...options,
  });
}

async function discrepancies(log: ServedLog, options?: Partial<TileLogToVerify>): Promise<string[]> {
  const report = await verify(log, options);
  return report.discrepancies.map(({ path, message }) => `${path} ${message}`);
}

describe('a sound log', () => {
  it.each([0, 1, 2, 255, 256, 257, 511, 512, 1000])('of %s entries has no discrepancy', async (size) => {
    const log = serveLog(entriesOf(size));
    const asked = new Set<string>();
    const report = await verify(log, {
      fetchResource: (path) => {
        asked.add(path);
        return Promise.resolve(log.resources.get(path));
      },
    });
    const tiles = [...tilesOf(BigInt(size))].length;
    expect(report).toEqual({
      discrepancies: [],
      entries: BigInt(size),
      bundles: Math.ceil(size / 256),
      tiles,
      references: 0,
    });
    expect([...asked].sort()).toEqual([...log.resources.keys()].sort());
  });

  it('of 70,000 entries has none, over three levels', async () => {
    const log = serveLog(entriesOf(70_000));
    expect(await verify(log)).toMatchObject({ discrepancies: [], bundles: 274, tiles: 274 + 2 + 1 });
  });

  it('has none whatever it holds and however many are fetched at once', async () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 9 }), async (each, workers) => {
        expect(await discrepancies(serveLog(each), { workers })).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('is told of as it goes, in order', async () => {
    const told: bigint[] = [];
    await verify(serveLog(entriesOf(600)), { onProgress: (verified) => told.push(verified) });
    expect(told).toEqual([256n, 512n, 600n]);
  });

  it('is fetched no more than so many bundles at once', async () => {
    const log = serveLog(entriesOf(256 * 20));
    let underWay = 0;
    let most = 0;
    await verify(log, {
      workers: 3,
      fetchResource: async (path) => {
        if (path.startsWith('tile/entries/')) most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        if (path.startsWith('tile/entries/')) underWay -= 1;
        return log.resources.get(path);
      },
    });
    expect(most).toBe(3);
  });
});

describe('a broken log', () => {
  const entries = entriesOf(600);
  let log: ServedLog;
  beforeAll(() => {
    log = serveLog(entries);
  });

  const changed = (path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): ServedLog => {
    const resources = new Map(log.resources);
    const bytes = change(Uint8Array.from(resources.get(path) as Uint8Array));
    if (bytes === undefined) resources.delete(path);
    else resources.set(path, bytes);
    return { ...log, resources };
  };
  const flip =
    (at: number) =>
    (bytes: Uint8Array): Uint8Array =>
      bytes.with(at, (bytes[at] as number) ^ 1);
  const hash = (i: number): string => encodeHex(hashLeaf(entries[i] as Uint8Array));

  it('is sound before it is broken', async () => {
    expect(await discrepancies(log)).toEqual([]);
  });

  it('is found by a changed entry: in its tile, every tile above and the root', async () => {
    // Each of the first entries of bundle 1 takes 2 bytes of length and 9 of `entry 25x`.
    const found = await discrepancies(changed('tile/entries/001', flip(11 + 2)));
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(`tile/0/001 hash 1, of entry 257, is ${hash(257)}, the entries give`);
    expect(found[1]).toMatch('tile/1/000.p/2 hash 1, of tile 1 of level 0, is');
    expect(found[2]).toMatch('checkpoint root hash of 600 entries is');
  });

  it.each([
    ['tile/0/000', 5, 'hash 5, of entry 5, is'],
    ['tile/0/001', 255, 'hash 255, of entry 511, is'],
    ['tile/0/002.p/88', 87, 'hash 87, of entry 599, is'],
    ['tile/1/000.p/2', 1, 'hash 1, of tile 1 of level 0, is'],
  ])('is found by a wrong hash in %s alone', async (path, place, message) => {
    const found = await discrepancies(changed(path, flip(32 * place)));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`${path} ${message}`);
  });

  it.each(['tile/0/000', 'tile/0/002.p/88', 'tile/1/000.p/2'])('is found by %s missing', async (path) => {
    expect(await discrepancies(changed(path, () => undefined))).toEqual([`${path} is missing`]);
  });

  it('is found by a tile one byte short or long', async () => {
    expect(await discrepancies(changed('tile/0/000', (bytes) => bytes.subarray(1)))).toEqual([
      'tile/0/000 has 8191 bytes, want 8192',
    ]);
    expect(await discrepancies(changed('tile/1/000.p/2', (bytes) => Uint8Array.of(...bytes, 0, 0)))).toEqual([
      'tile/1/000.p/2 has more than 64 bytes, want 64',
    ]);
  });

  it('is found by a missing bundle, and what comes after it is still looked at', async () => {
    const broken = changed('tile/entries/000', () => undefined);
    broken.resources.delete('tile/entries/002.p/88');
    broken.resources.delete('tile/0/001');
    expect(await discrepancies(broken)).toEqual([
      'tile/entries/000 is missing',
      'tile/0/001 is missing',
      'tile/entries/002.p/88 is missing',
    ]);
  });

  it('is found by a bundle cut off, with bytes left over or an entry too many', async () => {
    const cut = await discrepancies(changed('tile/entries/002.p/88', (bytes) => bytes.subarray(0, -1)));
    expect(cut).toEqual([
      expect.stringMatching(/^tile\/entries\/002\.p\/88 bundle of 967 bytes after 87 of 88/),
    ]);
    const long = await discrepancies(changed('tile/entries/002.p/88', (bytes) => Uint8Array.of(...bytes, 0)));
    expect(long).toEqual([expect.stringMatching(/1 bytes of trailing data$/)]);
    const more = changed('tile/entries/002.p/88', () => encodeEntryBundle(entries.slice(511)));
    expect(await discrepancies(more)).toHaveLength(1);
  });

  it('is found by a bundle larger than any', async () => {
    const format = { ...bundleFormat(), maxBytes: 3000 };
    expect(await discrepancies(log, { format })).toEqual([]);
    const found = await discrepancies(log, { format: { ...format, maxBytes: 2000 } });
    expect(found).toEqual([
      'tile/entries/000 has more than 2000 bytes',
      'tile/entries/001 has more than 2000 bytes',
    ]);
  });

  it('is found by two entries that changed places', async () => {
    const swapped = [...entries.slice(0, 256)];
    [swapped[3], swapped[4]] = [entries[4] as Uint8Array, entries[3] as Uint8Array];
    const found = await discrepancies(changed('tile/entries/000', () => encodeEntryBundle(swapped)));
    expect(found[0]).toBe(`tile/0/000 hash 3, of entry 3, is ${hash(3)}, the entries give ${hash(4)}`);
  });

  it('is found by a wrong root, also of the empty log', async () => {
    const rootHash = new Uint8Array(32);
    expect(await discrepancies({ ...log, rootHash })).toEqual([
      `checkpoint root hash of 600 entries is ${encodeHex(rootHash)}, the entries give ${encodeHex(log.rootHash)}`,
    ]);
    expect(await discrepancies({ ...serveLog([]), rootHash })).toHaveLength(1);
  });

  it('is found by a checkpoint ahead of its tiles', async () => {
    const found = await discrepancies({ ...log, size: 601n });
    expect(found[0]).toBe('tile/entries/002.p/89 is missing');
    expect(found[1]).toBe('tile/0/002.p/89 is no way around its bundle: the rest was not verified');
    expect(await verify({ ...log, size: 1n << 62n })).toMatchObject({ entries: 512n, bundles: 3 });
  });

  it('is looked at no further after so many discrepancies', async () => {
    const none = { ...log, resources: new Map([...log.resources].filter(([path]) => /^tile\/0/.test(path))) };
    const report = await verify(none, { maxDiscrepancies: 2 });
    expect(report).toMatchObject({ entries: 512n, bundles: 2 });
    expect(report.discrepancies).toHaveLength(2);
  });

  it('is found by any one byte that differs, wherever it is', async () => {
    const paths = [...log.resources.keys()];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, at, by) => {
          const broken = changed(path, (bytes) =>
            bytes.with(at % bytes.length, (bytes[at % bytes.length] as number) ^ by),
          );
          expect((await verify(broken)).discrepancies).not.toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what entries must be beside their hashes', () => {
  it('is reported with the entry', async () => {
    const format = bundleFormat((entry, index) =>
      index % 256n === 7n ? `${entry.length} bytes are too many` : undefined,
    );
    expect(await discrepancies(serveLog(entriesOf(300)), { format })).toEqual([
      'tile/entries/000 entry 7: 7 bytes are too many',
      'tile/entries/001.p/44 entry 263: 9 bytes are too many',
    ]);
  });

  it('includes what they refer to', async () => {
    const plain = bundleFormat();
    const format: typeof plain = {
      ...plain,
      read: (bundle, first, width) => ({
        ...plain.read(bundle, first, width),
        references: ['sound', 'wrong', 'long', 'absent'].map((path) => ({
          path,
          maxBytes: 2,
          fault: (bytes) => (bytes[0] === 1 ? undefined : 'does not begin with 1'),
        })),
      }),
    };
    const log = serveLog(entriesOf(3));
    log.resources.set('sound', Uint8Array.of(1));
    log.resources.set('wrong', Uint8Array.of(2));
    log.resources.set('long', Uint8Array.of(1, 1, 1, 1));
    expect(await discrepancies(log, { format })).toEqual([
      'wrong does not begin with 1',
      'long has more than 2 bytes',
      'absent is missing',
    ]);
    expect((await verify(log, { format })).references).toBe(4);
    expect(await verify(log, { format, maxDiscrepancies: 2 })).toMatchObject({
      discrepancies: [{ path: 'wrong' }, { path: 'long' }],
      references: 3,
    });
  });
});

describe('a log that cannot be asked', () => {
  it('is neither sound nor broken', async () => {
    const log = serveLog(entriesOf(2000));
    const failing = new Error('no route to host');
    const fetchResource = (path: string): Promise<Uint8Array | undefined> =>
      path === 'tile/0/004' ? Promise.reject(failing) : Promise.resolve(log.resources.get(path));
    await expect(verify(log, { fetchResource })).rejects.toBe(failing);
  });

  it('ends at the first failure, however many fetches fail', async () => {
    const fetchResource = (): Promise<undefined> => Promise.reject(new Error('no route to host'));
    await expect(verify(serveLog(entriesOf(5000)), { fetchResource })).rejects.toThrow('no route to host');
  });
});

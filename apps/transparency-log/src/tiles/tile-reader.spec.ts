import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, hashLeaf } from '@sigstead/merkle';
import { FileAnchor } from '../anchor/file-anchor.ts';
import type { Anchor } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { openReplica, submission, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { TileReader, type TileSource } from './tile-reader.ts';

const SIZE = 600;

let postgres: TestPostgres;
let folder: { path: string; remove(): Promise<void> };
let replica: Replica;
let isAnchorDown = false;
const nodes = new Map<string, Uint8Array>();

const text = (i: number): string => `entry ${i}`;

async function submit(from: number, to: number): Promise<void> {
  // The queue keeps their order.
  const texts = Array.from({ length: to - from }, (_, i) => text(from + i));
  await Promise.all(texts.map((each) => replica.log.sequencer.submit(submission(each))));
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryDirectory();
  const { serviceUrl: databaseUrl } = await postgres.createDatabase();
  const file = await FileAnchor.open(`${folder.path}/anchor`);
  const anchor: Anchor = {
    read: () => file.read(),
    compareAndSwap: (expected, next) =>
      isAnchorDown
        ? Promise.reject(new LogError('UNAVAILABLE', 'the anchor is down'))
        : file.compareAndSwap(expected, next),
  };
  replica = await openReplica({ databaseUrl, anchorDirectory: folder.path, anchor });
  await submit(0, SIZE);
  const range = CompactRange.empty();
  for (let i = 0; i < SIZE; i++)
    range.append(hashLeaf(encodeUtf8(text(i))), (level, index, hash) => nodes.set(`${level}:${index}`, hash));
}, 120_000);

afterAll(async () => {
  await replica?.close();
  await folder?.remove();
  await postgres?.stop();
});

/** Hashes as the tree has them, from the entries alone. */
function hashes(level: number, n: number, width: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: width }, (_, i) => nodes.get(`${8 * level}:${n * 256 + i}`) as Uint8Array),
  );
}

interface Counted {
  readonly source: TileSource;
  readonly reads: { heads: number; rows: number };
}

/** The log itself, with what is asked of it counted. */
function counted(): Counted {
  const { publication, reader } = replica.log;
  const reads = { heads: 0, rows: 0 };
  const count = <A extends unknown[], R>(which: keyof typeof reads, ask: (...args: A) => R) => {
    return (...args: A): R => {
      reads[which] += 1;
      return ask(...args);
    };
  };
  const source: TileSource = {
    publication: { head: count('heads', () => publication.head()) },
    reader: {
      tile: count('rows', (level: number, n: bigint) => reader.tile(level, n)),
      nodeHashes: count('rows', (level: number, from: bigint, to: bigint) =>
        reader.nodeHashes(level, from, to),
      ),
      entriesBetween: count('rows', (from: bigint, to: bigint) => reader.entriesBetween(from, to)),
    },
  };
  return { source, reads };
}

describe('TileReader', () => {
  it.each([
    [0, 0, 256],
    [0, 1, 256],
    [0, 2, 88],
    [1, 0, 2],
  ])('gives tile %s/%s and its beginning of every width up to %s', async (level, n, available) => {
    const reader = new TileReader(replica.log);
    for (let width = 1; width <= available; width++) {
      const tile = await reader.tile(level, BigInt(n), width);
      expect(Buffer.compare(tile as Uint8Array, hashes(level, n, width))).toBe(0);
    }
  });

  it('gives a beginning of a full tile or bundle that was never asked for as a whole', async () => {
    const reader = new TileReader(replica.log);
    expect(Buffer.from((await reader.tile(0, 0n, 3)) as Uint8Array)).toEqual(hashes(0, 0, 3));
    expect(await reader.entries(1n, 1)).toHaveLength(1);
  });

  it('gives entries in order, of every width', async () => {
    const reader = new TileReader(replica.log);
    for (const [n, width] of [
      [0, 256],
      [1, 17],
      [2, 88],
      [2, 1],
    ] as const) {
      const entries = await reader.entries(BigInt(n), width);
      expect(entries?.map((entry) => Buffer.from(entry).toString())).toEqual(
        Array.from({ length: width }, (_, i) => text(n * 256 + i)),
      );
    }
  });

  it.each([
    [0, 2n, 89],
    [0, 3n, 1],
    [1, 0n, 3],
    [1, 1n, 1],
    [2, 0n, 1],
    [63, (1n << 56n) - 1n, 1],
  ])('has no tile %s/%s of width %s', async (level, n, width) => {
    expect(await new TileReader(replica.log).tile(level, n, width)).toBeUndefined();
  });

  it('has no entries past the end', async () => {
    const reader = new TileReader(replica.log);
    expect(await reader.entries(2n, 89)).toBeUndefined();
    expect(await reader.entries(3n, 1)).toBeUndefined();
    expect(await reader.entries((1n << 56n) - 1n, 1)).toBeUndefined();
  });

  it('asks for nothing again once it has as much', async () => {
    const { source, reads } = counted();
    const reader = new TileReader(source);
    await reader.tile(0, 0n, 256);
    await reader.tile(0, 2n, 88);
    await reader.entries(2n, 5);
    expect(reads).toEqual({ heads: 3, rows: 3 });
    await reader.tile(0, 0n, 256);
    await reader.tile(0, 0n, 7);
    await reader.tile(0, 2n, 80);
    await reader.entries(2n, 88);
    expect(reads).toEqual({ heads: 3, rows: 3 });
    await reader.tile(0, 2n, 89);
    expect(reads).toEqual({ heads: 4, rows: 3 });
  });

  it('reads once for many who ask at the same time', async () => {
    const { source, reads } = counted();
    const reader = new TileReader(source);
    const asked = Array.from({ length: 50 }, (_, i) => i + 1);
    const tiles = await Promise.all(asked.map((width) => reader.tile(0, 2n, width)));
    tiles.forEach((tile, i) => expect(tile).toHaveLength(32 * (i + 1)));
    const bundles = await Promise.all(asked.map((width) => reader.entries(0n, width)));
    bundles.forEach((entries, i) => expect(entries).toHaveLength(i + 1));
    expect(reads.rows).toBe(2);
  });

  it('keeps no more than its cache holds', async () => {
    const { source, reads } = counted();
    const reader = new TileReader(source, 8192);
    await reader.tile(0, 0n, 256);
    await reader.tile(0, 1n, 256);
    await reader.tile(0, 0n, 256);
    expect(reads.rows).toBe(3);
  });

  it('reads again after a read that failed, and tells nobody that there is nothing', async () => {
    const { source } = counted();
    let isDown = true;
    const reader = new TileReader({
      ...source,
      reader: {
        ...source.reader,
        tile: (level, n) =>
          isDown
            ? Promise.reject(new LogError('UNAVAILABLE', 'the log cannot be read now'))
            : source.reader.tile(level, n),
      },
    });
    const both = [reader.tile(0, 0n, 256), reader.tile(0, 0n, 1)];
    for (const tile of both) await expect(tile).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    isDown = false;
    expect(await reader.tile(0, 0n, 256)).toHaveLength(8192);
  });

  it('shows nothing that is committed and not published, and all of it afterwards', async () => {
    const reader = new TileReader(replica.log);
    isAnchorDown = true;
    await expect(submit(SIZE, SIZE + 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await reader.tile(0, 2n, 89)).toBeUndefined();
    expect(await reader.entries(2n, 89)).toBeUndefined();
    isAnchorDown = false;
    await submit(SIZE, SIZE + 1);
    expect(await reader.tile(0, 2n, 89)).toHaveLength(89 * 32);
    expect(await reader.entries(2n, 89)).toHaveLength(89);
    expect(Buffer.from((await reader.tile(0, 2n, 88)) as Uint8Array)).toEqual(hashes(0, 2, 88));
  });
});

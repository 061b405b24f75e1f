import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  consistencyProof,
  EMPTY_ROOT,
  hashLeaf,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from '@sigstead/merkle';
import type { LogRow } from '../storage/log-rows.ts';
import { NodeReader } from './node-reader.ts';
import { planBatch } from './plan-batch.ts';
import type { Submission } from './submission.ts';

/** What the tables would hold, in memory. */
class MemoryLog {
  readonly leafHashes: Uint8Array[] = [];
  readonly tiles = new Map<string, { data: Uint8Array; root: Uint8Array }>();
  readonly heads = new Map<bigint, Uint8Array>();
  reads = 0;
  row: LogRow = { state: 'active', size: 0n, root: EMPTY_ROOT, frontier: [], lastTimestampMs: 0n };

  async append(count: number): Promise<void> {
    const submissions = Array.from({ length: count }, (_, i) => leaf(this.row.size + BigInt(i)));
    const { rows, entries, nodes } = await planBatch({
      row: this.row,
      submissions,
      nowMs: 1000n,
      timestamps: 'batch',
      stored: (level, from, to) => this.nodes(level, from, to),
    });
    for (const { leafHash } of entries) this.leafHashes.push(leafHash);
    for (const { level, n, data, root } of rows.tiles) this.tiles.set(`${level}:${n}`, { data, root });
    this.heads.set(rows.head.size, rows.head.root);
    this.row = { ...this.row, ...rows.head, frontier: rows.frontier, lastTimestampMs: rows.lastTimestampMs };
    for (const { index, leafHash } of [entries[0], entries.at(-1)].flatMap((entry) =>
      entry ? [entry] : [],
    )) {
      verifyInclusion(
        index,
        rows.head.size,
        leafHash,
        nodes.inclusionProof(index, rows.head.size),
        rows.head.root,
      );
    }
  }

  nodes(level: number, from: bigint, to: bigint): Promise<Uint8Array> {
    const hashes: Uint8Array[] = [];
    for (let index = from; index < to; index++) {
      const hash =
        level === 0 ? this.leafHashes[Number(index)] : this.tiles.get(`${level - 1}:${index}`)?.root;
      if (hash === undefined) throw new Error(`node ${index} of tile level ${level} is not stored`);
      hashes.push(hash);
    }
    return Promise.resolve(Buffer.concat(hashes));
  }

  reader(): NodeReader {
    return new NodeReader({
      tile: (level, n) => {
        this.reads += 1;
        return Promise.resolve(this.tiles.get(`${level}:${n}`)?.data);
      },
      nodes: (level, from, to) => this.nodes(level, from, to),
    });
  }
}

function leaf(index: bigint): Submission {
  const leafHash = hashLeaf(Buffer.from(`leaf ${index}`));
  return { identity: leafHash, searchKeys: [], issuers: [], encode: () => ({ entry: leafHash, leafHash }) };
}

describe('planBatch with NodeReader', () => {
  it('keeps every tile and proof right whatever the batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 6 }),
        async (counts) => {
          const log = new MemoryLog();
          const reader = log.reader();
          for (const count of counts) {
            await log.append(count);
            const { size, root } = log.row;
            for (const index of [0n, size / 2n, size - 1n]) {
              const proof = await inclusionProof(index, size, reader.nodesOf(size));
              verifyInclusion(index, size, log.leafHashes[Number(index)] as Uint8Array, proof, root);
            }
            for (const [older, olderRoot] of log.heads) {
              const proof = await consistencyProof(older, size, reader.nodesOf(size));
              verifyConsistency(older, size, proof, olderRoot, root);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('completes tiles of higher levels and proves at old and new heads', async () => {
    const log = new MemoryLog();
    await log.append(100);
    for (let batch = 0; batch < 260; batch++) await log.append(256);
    const { size, root } = log.row;
    expect([...log.tiles.keys()].filter((key) => key.startsWith('1:'))).toEqual(['1:0']);
    const reader = log.reader();
    for (const index of [0n, 255n, 256n, 65_535n, 65_536n, 66_559n, size - 1n]) {
      const proof = await inclusionProof(index, size, reader.nodesOf(size));
      verifyInclusion(index, size, log.leafHashes[Number(index)] as Uint8Array, proof, root);
    }
    const older = 100n + 256n * 200n;
    const olderRoot = log.heads.get(older) as Uint8Array;
    const proof = await consistencyProof(older, size, reader.nodesOf(size));
    verifyConsistency(older, size, proof, olderRoot, root);
    const atOlder = await inclusionProof(51_000n, older, reader.nodesOf(older));
    verifyInclusion(51_000n, older, log.leafHashes[51_000] as Uint8Array, atOlder, olderRoot);
  }, 30_000);

  it('reads a tile once', async () => {
    const log = new MemoryLog();
    for (let batch = 0; batch < 4; batch++) await log.append(256);
    const reader = log.reader();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => inclusionProof(BigInt(i), 1024n, reader.nodesOf(1024n))),
    );
    // All of them lie in the first tile; what is above comes from the roots of tiles.
    expect(log.reads).toBe(1);
  });

  it('says so when a tile is not stored', async () => {
    const log = new MemoryLog();
    await log.append(256);
    log.tiles.clear();
    await expect(inclusionProof(0n, 256n, log.reader().nodesOf(256n))).rejects.toMatchObject({
      code: 'STORAGE',
    });
  });
});

describe('planBatch', () => {
  const row: LogRow = {
    state: 'active',
    size: 1n,
    root: hashLeaf(Buffer.from('x')),
    frontier: [],
    lastTimestampMs: 0n,
  };
  const input = {
    submissions: [leaf(1n)],
    nowMs: 1n,
    timestamps: 'batch',
    stored: () => Promise.resolve(new Uint8Array()),
  } as const;

  it('refuses a row whose frontier has too few hashes', async () => {
    await expect(planBatch({ ...input, row })).rejects.toMatchObject({ code: 'STORAGE' });
  });

  it('refuses a row whose frontier does not give its root', async () => {
    const other = { ...row, frontier: [new Uint8Array(32)] };
    await expect(planBatch({ ...input, row: other })).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/frontier/) as unknown,
    });
  });

  it('splits chunks where tiles end', async () => {
    const log = new MemoryLog();
    await log.append(250);
    const plan = await planBatch({
      row: log.row,
      submissions: Array.from({ length: 256 }, (_, i) => leaf(250n + BigInt(i))),
      nowMs: 1n,
      timestamps: 'batch',
      stored: (level, from, to) => log.nodes(level, from, to),
    });
    expect(plan.rows.chunks.map(({ firstIndex, n }) => [firstIndex, n])).toEqual([
      [250n, 6],
      [256n, 250],
    ]);
    expect(plan.rows.tiles.map(({ level, n }) => [level, n])).toEqual([[0, 0n]]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { encodeBase64 } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT } from '@sigstead/merkle';
import { formatTilePath, rowOf } from '@sigstead/tiles';
import fc from 'fast-check';
import { CtStage, ok } from '../testonly/ct-stage.ts';
import { readLeaf, rootOfPath, type ReadLeaf } from '../testonly/ct-client.ts';
import { codeSigning, poison, signOddLeaf } from '../testonly/odd-certificates.ts';
import type { EntryAndProofJson, LeafJson, ProofByHashJson } from './ct-reader.ts';

const stage = new CtStage();
/** Two full tiles and a part of the third. */
const SIZE = 531;
const AT_ONCE = 32;
const leaves: ReadLeaf[] = [];
/** Root in base64 by size. */
const roots: string[] = [];

beforeAll(async () => {
  await stage.start();
  const numbers = Array.from({ length: SIZE }, (_, i) => i).values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const i of numbers) await submit(i % 3 === 0);
    }),
  );
  for (let start = 0; start < SIZE;) {
    const page = (await pageOf(start, SIZE - 1)).map(readLeaf);
    leaves.push(...page);
    start += page.length;
  }
  const range = CompactRange.empty();
  roots.push(encodeBase64(EMPTY_ROOT));
  for (const { leafHash } of leaves) {
    range.append(leafHash);
    roots.push(encodeBase64(range.root()));
  }
}, 120_000);

afterAll(() => stage.stop());

async function submit(isPrecertificate: boolean): Promise<void> {
  const { intermediate, signer } = stage.authority;
  const extensions = isPrecertificate ? [codeSigning, poison] : [codeSigning];
  const leaf = await signOddLeaf(intermediate, signer, { extensions });
  await ok(await stage.submit(isPrecertificate ? 'add-pre-chain' : 'add-chain', [leaf, intermediate.raw]));
}

async function pageOf(start: number, end: number): Promise<LeafJson[]> {
  const path = `ct/v1/get-entries?start=${start}&end=${end}`;
  return (await stage.getJson<{ entries: LeafJson[] }>(path)).entries;
}

const index = fc.integer({ min: 0, max: SIZE - 1 });
/** An index and the size of a tree that has it. */
const place = index.chain((i) => fc.tuple(fc.constant(i), fc.integer({ min: i + 1, max: SIZE })));

describe('a log of any size', () => {
  it('has the root that get-sth gives', async () => {
    const sth = await stage.getJson<{ tree_size: number; sha256_root_hash: string }>('ct/v1/get-sth');
    expect([sth.tree_size, sth.sha256_root_hash]).toEqual([SIZE, roots[SIZE]]);
  });

  it('has times that only grow', () => {
    leaves.forEach((leaf, i) => {
      expect(leaf.timestamp).toBeGreaterThan(leaves[i - 1]?.timestamp ?? 0);
      expect(leaf.extensions.readUIntBE(3, 5)).toBe(i);
    });
  });

  it('proves every leaf by its hash', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([i, size]) => {
        const { leafHash } = leaves[i] as ReadLeaf;
        const hash = encodeURIComponent(leafHash.toString('base64'));
        const path = `ct/v1/get-proof-by-hash?hash=${hash}&tree_size=${size}`;
        const proof = await stage.getJson<ProofByHashJson>(path);
        expect(proof.leaf_index).toBe(i);
        expect(rootOfPath(i, size, leafHash, proof.audit_path).toString('base64')).toBe(roots[size]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('proves every leaf by its index, and gives it', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([i, size]) => {
        const path = `ct/v1/get-entry-and-proof?leaf_index=${i}&tree_size=${size}`;
        const { audit_path, ...leaf } = await stage.getJson<EntryAndProofJson>(path);
        const { leafHash } = readLeaf(leaf);
        expect(leafHash).toEqual(leaves[i]?.leafHash);
        expect(rootOfPath(i, size, leafHash, audit_path).toString('base64')).toBe(roots[size]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('gives pages that begin where they should, stay in one tile and are as in the tree', async () => {
    await fc.assert(
      fc.asyncProperty(index, fc.nat(400), async (start, more) => {
        const page = await pageOf(start, start + more);
        const tileEnd = (Math.floor(start / 256) + 1) * 256;
        expect(page).toHaveLength(Math.min(start + more + 1, tileEnd, SIZE) - start);
        expect(hashesOf(page.map(readLeaf))).toBe(hashesOf(leaves.slice(start, start + page.length)));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('gives pages that are, end to end, its data tiles', async () => {
    const tiles = await row('data');
    expect(tiles).toHaveLength(3);
    expect(Buffer.concat(tiles).equals(Buffer.concat(leaves.map(dataTileEntry)))).toBe(true);
  });

  it('has tiles of the hashes of its leaves, and above them of the roots of full ones', async () => {
    const hashes = await row(0);
    expect(Buffer.concat(hashes).equals(Buffer.concat(leaves.map(({ leafHash }) => leafHash)))).toBe(true);
    const above = await row(1);
    const full = [leaves.slice(0, 256), leaves.slice(256, 512)].map((part) => {
      const range = CompactRange.empty();
      for (const { leafHash } of part) range.append(leafHash);
      return range.root();
    });
    expect(Buffer.concat(above).equals(Buffer.concat(full))).toBe(true);
  });
});

function hashesOf(read: readonly ReadLeaf[]): string {
  return read.map(({ leafHash }) => leafHash.toString('hex')).join(' ');
}

/** The tiles of a level, from left to right. */
function row(level: number | 'data'): Promise<Buffer[]> {
  return Promise.all([...rowOf(level, BigInt(SIZE))].map((tile) => bytesOf(formatTilePath(tile))));
}

async function bytesOf(path: string): Promise<Buffer> {
  const response = await stage.get(path);
  expect([path, response.status]).toEqual([path, 200]);
  return Buffer.from(await response.arrayBuffer());
}

/** TileLeaf of static-ct-api, put together from what RFC 6962 gives. */
function dataTileEntry(leaf: ReadLeaf): Buffer {
  const isPrecertificate = leaf.type === 'precertificate';
  const fingerprints = leaf.chain.map((der) => createHash('sha256').update(der).digest());
  return Buffer.concat([
    uint(leaf.timestamp, 8),
    uint(isPrecertificate ? 1 : 0, 2),
    leaf.issuerKeyHash ?? Buffer.of(),
    uint(leaf.signed.length, 3),
    leaf.signed,
    uint(leaf.extensions.length, 2),
    leaf.extensions,
    ...(leaf.precertificate === undefined ? [] : [uint(leaf.precertificate.length, 3), leaf.precertificate]),
    uint(32 * fingerprints.length, 2),
    ...fingerprints,
  ]);
}

function uint(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - width);
}

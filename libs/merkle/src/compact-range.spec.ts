import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import { CompactRange, rootOfLeaves } from './compact-range.ts';
import { EMPTY_ROOT, hashLeaf } from './hash.ts';
import { ReferenceTree } from './testonly/reference-tree.ts';
import { refusal } from './testonly/refusal.ts';

const entries = Array.from({ length: 130 }, (_, i) => Uint8Array.of(i, i >> 8));
const leafHashes = entries.map((entry) => hashLeaf(entry));
const reference = new ReferenceTree(entries);
const MAX_SIZE = (1n << 64n) - 1n;

describe('CompactRange', () => {
  it('has the root of the reference tree at every size', () => {
    const range = CompactRange.empty();
    expect(range.root()).toEqual(EMPTY_ROOT);
    leafHashes.forEach((leafHash, i) => {
      range.append(leafHash);
      expect(range.size).toBe(BigInt(i + 1));
      expect(encodeHex(range.root())).toBe(encodeHex(reference.root(i + 1)));
    });
  });

  it('visits every perfect node once, when it is complete, leaf first', () => {
    const range = CompactRange.empty();
    const seen = new Map<string, string>();
    leafHashes.forEach((leafHash, i) => {
      let expectedLevel = 0;
      range.append(leafHash, (level, index, hash) => {
        expect(level).toBe(expectedLevel++);
        expect(seen.has(`${level}/${index}`)).toBe(false);
        seen.set(`${level}/${index}`, encodeHex(hash));
        expect(encodeHex(hash)).toBe(encodeHex(reference.node(level, index, i + 1)));
      });
    });
    for (let level = 0; level < 8; level++) {
      const complete = Math.floor(entries.length / 2 ** level);
      expect([...seen.keys()].filter((key) => key.startsWith(`${level}/`))).toHaveLength(complete);
    }
  });

  it('is rebuilt from size and hashes, largest subtree first', () => {
    const range = CompactRange.empty();
    for (const leafHash of leafHashes.slice(0, 13)) range.append(leafHash);
    expect(range.hashes.map(encodeHex)).toEqual(
      [reference.node(3, 0n, 13), reference.node(2, 2n, 13), reference.node(0, 12n, 13)].map(encodeHex),
    );
    const rebuilt = CompactRange.from(13n, range.hashes);
    rebuilt.append(leafHashes[13] ?? EMPTY_ROOT);
    expect(encodeHex(rebuilt.root())).toBe(encodeHex(reference.root(14)));
  });

  it('law: stored and loaded anywhere on the way, it grows into the same tree', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 130 }), (a, b) => {
        const [stop, size] = [Math.min(a, b), Math.max(a, b)];
        const first = CompactRange.empty();
        for (const leafHash of leafHashes.slice(0, stop)) first.append(leafHash);
        const second = CompactRange.from(first.size, first.hashes);
        for (const leafHash of leafHashes.slice(stop, size)) second.append(leafHash);
        expect(encodeHex(second.root())).toBe(encodeHex(rootOfLeaves(leafHashes.slice(0, size))));
      }),
    );
  });

  it('clones independently, and hands out copies of its list', () => {
    const range = CompactRange.empty();
    range.append(hashLeaf(Uint8Array.of(1)));
    const clone = range.clone();
    clone.append(hashLeaf(Uint8Array.of(2)));
    (range.hashes as Uint8Array[]).pop();
    expect([range.size, range.hashes.length]).toEqual([1n, 1]);
    expect([clone.size, clone.hashes.length]).toEqual([2n, 1]);
  });

  it('is unchanged when a visitor throws', () => {
    const range = CompactRange.from(3n, [leafHashes[0] ?? EMPTY_ROOT, leafHashes[1] ?? EMPTY_ROOT]);
    const before = encodeHex(range.root());
    const visitor = (level: number): void => {
      if (level === 2) throw new Error('storage is full');
    };
    expect(() => range.append(leafHashes[2] ?? EMPTY_ROOT, visitor)).toThrow('storage is full');
    expect([range.size, encodeHex(range.root())]).toEqual([3n, before]);
  });

  it('refuses sizes and hashes that do not belong together', () => {
    const hash = new Uint8Array(32);
    expect(refusal(() => CompactRange.from(-1n, []))).toBe('RANGE');
    expect(refusal(() => CompactRange.from(MAX_SIZE + 1n, [hash]))).toBe('RANGE');
    expect(refusal(() => CompactRange.from(3n, [hash]))).toBe('NODE_COUNT');
    expect(refusal(() => CompactRange.from(0n, [hash]))).toBe('NODE_COUNT');
    expect(refusal(() => CompactRange.from(2n, [new Uint8Array(31)]))).toBe('HASH_LENGTH');
    expect(refusal(() => CompactRange.empty().append(new Uint8Array(0)))).toBe('HASH_LENGTH');
  });

  it('refuses to grow past 64 bits', () => {
    const full = CompactRange.from(
      MAX_SIZE,
      Array.from({ length: 64 }, () => new Uint8Array(32)),
    );
    expect(refusal(() => full.append(new Uint8Array(32)))).toBe('RANGE');
  });
});

import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import { hashLeaf } from './hash.ts';
import type { NodeId } from './proof-nodes.ts';
import { consistencyNodes, inclusionNodes } from './proof-nodes.ts';
import { consistencyProof, inclusionProof } from './prove.ts';
import { ReferenceTree } from './testonly/reference-tree.ts';
import { refusal } from './testonly/refusal.ts';
import { rootFromInclusionProof, verifyConsistency, verifyInclusion } from './verify.ts';

const SIZE = 64;
const entries = Array.from({ length: SIZE }, (_, i) => Uint8Array.of(i));
const reference = new ReferenceTree(entries);
const roots = Array.from({ length: SIZE + 1 }, (_, size) => reference.root(size));
const nodes = new Map<string, Uint8Array>();
for (let level = 0; level <= 6; level++) {
  for (let index = 0n; index < BigInt(SIZE >> level); index++) {
    nodes.set(`${level}/${index}`, reference.node(level, index, SIZE));
  }
}

/** Storage of a tree with `size` leaves: knows its perfect subtrees and nothing else. */
function lookup(size: number): (id: NodeId) => Uint8Array {
  return ({ level, index }) => {
    const node = nodes.get(`${level}/${index}`);
    if (node === undefined || (Number(index) + 1) * 2 ** level > size) {
      throw new Error(`no perfect node ${level}/${index} in a tree of ${size}`);
    }
    return node;
  };
}

const root = (size: number): Uint8Array => roots[size] ?? new Uint8Array(0);
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(encodeHex);

describe('every tree up to 64 leaves', () => {
  it('proves and verifies every leaf, as the reference does', async () => {
    for (let size = 1; size <= SIZE; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(BigInt(index), BigInt(size), lookup(size));
        expect(hex(proof)).toEqual(hex(reference.path(index, size)));
        verifyInclusion(BigInt(index), BigInt(size), hashLeaf(Uint8Array.of(index)), proof, root(size));
      }
    }
  });

  it('proves and verifies consistency between all sizes, as the reference does', async () => {
    for (let size2 = 0; size2 <= SIZE; size2++) {
      for (let size1 = 0; size1 <= size2; size1++) {
        const proof = await consistencyProof(BigInt(size1), BigInt(size2), lookup(size2));
        if (size1 > 0) expect(hex(proof)).toEqual(hex(reference.proof(size1, size2)));
        verifyConsistency(BigInt(size1), BigInt(size2), proof, root(size1), root(size2));
      }
    }
  });

  it('accepts a proof for no other leaf, size or order of hashes', () => {
    for (let size = 1; size <= 33; size++) {
      for (let index = 0; index < size; index++) {
        const proof = reference.path(index, size);
        const leafHash = hashLeaf(Uint8Array.of(index));
        for (let other = 0; other < size; other++) {
          if (other === index) continue;
          expect(
            refusal(() => verifyInclusion(BigInt(other), BigInt(size), leafHash, proof, root(size))),
          ).toBeDefined();
        }
        const reversed = [...proof].reverse();
        if (proof.length > 1) {
          expect(
            refusal(() => verifyInclusion(BigInt(index), BigInt(size), leafHash, reversed, root(size))),
          ).toBe('ROOT_MISMATCH');
        }
        const longer = [...proof, root(size)];
        expect(
          refusal(() => verifyInclusion(BigInt(index), BigInt(size), leafHash, longer, root(size))),
        ).toBe('PROOF_LENGTH');
      }
    }
  });
});

describe('laws', () => {
  const sizes = fc
    .integer({ min: 2, max: SIZE })
    .chain((size2) =>
      fc.record({ size2: fc.constant(size2), size1: fc.integer({ min: 1, max: size2 - 1 }) }),
    );
  const flipped = (hashes: readonly Uint8Array[], at: number): Uint8Array[] =>
    hashes.map((hash, i) => (i === Math.floor(at / 256) ? flipBit(hash, at % 256) : hash));

  it('one flipped bit in an inclusion proof is refused', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ({ size1, size2 }, at) => {
        const proof = reference.path(size1, size2);
        const altered = flipped(proof, at % (256 * proof.length));
        const leafHash = hashLeaf(Uint8Array.of(size1));
        expect(
          refusal(() => verifyInclusion(BigInt(size1), BigInt(size2), leafHash, altered, root(size2))),
        ).toBe('ROOT_MISMATCH');
      }),
      { numRuns: 300 },
    );
  });

  it('one flipped bit in a leaf hash or root is refused', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 255 }), ({ size1, size2 }, bit) => {
        const verify = (leafHash: Uint8Array, rootHash: Uint8Array) => () =>
          verifyInclusion(BigInt(size1), BigInt(size2), leafHash, reference.path(size1, size2), rootHash);
        const leafHash = hashLeaf(Uint8Array.of(size1));
        expect(refusal(verify(leafHash, root(size2)))).toBeUndefined();
        expect(refusal(verify(flipBit(leafHash, bit), root(size2)))).toBe('ROOT_MISMATCH');
        expect(refusal(verify(leafHash, flipBit(root(size2), bit)))).toBe('ROOT_MISMATCH');
      }),
    );
  });

  it('one flipped bit in a consistency proof or in either root is refused', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ({ size1, size2 }, at) => {
        const proof = reference.proof(size1, size2);
        const bit = at % 256;
        const verify = (hashes: readonly Uint8Array[], root1: Uint8Array, root2: Uint8Array) => () =>
          verifyConsistency(BigInt(size1), BigInt(size2), hashes, root1, root2);
        expect(refusal(verify(proof, root(size1), root(size2)))).toBeUndefined();
        expect(refusal(verify(flipped(proof, at % (256 * proof.length)), root(size1), root(size2)))).toBe(
          'ROOT_MISMATCH',
        );
        expect(refusal(verify(proof, flipBit(root(size1), bit), root(size2)))).toBe('ROOT_MISMATCH');
        expect(refusal(verify(proof, root(size1), flipBit(root(size2), bit)))).toBe('ROOT_MISMATCH');
      }),
      { numRuns: 300 },
    );
  });

  it('needs at most 63 perfect nodes per hash and 64 hashes, in trees of any size', () => {
    const size64 = fc.bigInt({ min: 1n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(size64, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (size, number) => {
        const index = number % size;
        for (const plan of [inclusionNodes(index, size), consistencyNodes(index + 1n, size)]) {
          expect(plan.length).toBeLessThanOrEqual(65);
          for (const { level, index: at } of plan.flat())
            expect((at + 1n) << BigInt(level)).toBeLessThanOrEqual(size);
          // Only a group at the right edge has several parts.
          expect(plan.filter((ids) => ids.length > 1).length).toBeLessThanOrEqual(1);
        }
        const proof = inclusionNodes(index, size).map(() => new Uint8Array(32));
        expect(rootFromInclusionProof(index, size, new Uint8Array(32), proof)).toHaveLength(32);
      }),
    );
  });
});

describe('refusals', () => {
  it('knows no proof outside the tree', async () => {
    expect(refusal(() => inclusionNodes(3n, 3n))).toBe('RANGE');
    expect(refusal(() => inclusionNodes(-1n, 3n))).toBe('RANGE');
    expect(refusal(() => inclusionNodes(0n, 1n << 64n))).toBe('RANGE');
    expect(refusal(() => consistencyNodes(4n, 3n))).toBe('RANGE');
    expect(refusal(() => consistencyNodes(-1n, 3n))).toBe('RANGE');
    await expect(inclusionProof(3n, 3n, lookup(3))).rejects.toMatchObject({ code: 'RANGE' });
    await expect(consistencyProof(4n, 3n, lookup(4))).rejects.toMatchObject({ code: 'RANGE' });
  });

  it('passes on what the lookup throws, and refuses what is no hash', async () => {
    const failing = (): never => {
      throw new Error('storage is away');
    };
    await expect(inclusionProof(0n, 2n, failing)).rejects.toThrow('storage is away');
    await expect(inclusionProof(0n, 2n, () => new Uint8Array(20))).rejects.toMatchObject({
      code: 'HASH_LENGTH',
    });
  });

  it('says what it got and wanted', () => {
    const verify = (): void => verifyInclusion(0n, 2n, root(1), [], root(2));
    expect(verify).toThrow('hashes in the proof: got 0, want 1');
    expect(() => verifyInclusion(0n, 1n, root(1), [], root(2))).toThrow(
      `root of the inclusion proof: got ${encodeHex(root(1))}, want ${encodeHex(root(2))}`,
    );
  });

  it('learns nothing from the empty tree', () => {
    expect(refusal(() => verifyConsistency(0n, 2n, [], root(0), root(2)))).toBeUndefined();
    expect(refusal(() => verifyConsistency(0n, 2n, [], root(1), root(2)))).toBe('ROOT_MISMATCH');
    expect(refusal(() => verifyConsistency(0n, 2n, [root(0)], root(0), root(2)))).toBe('PROOF_LENGTH');
    expect(refusal(() => verifyConsistency(0n, 0n, [], root(1), root(1)))).toBe('ROOT_MISMATCH');
  });
});

function flipBit(hash: Uint8Array, bit: number): Uint8Array {
  return hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

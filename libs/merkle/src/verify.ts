import { encodeHex, equalBytes } from '@sigstead/encoding';
import { EMPTY_ROOT, assertHash, hashChildren } from './hash.ts';
import { MerkleError } from './merkle-error.ts';
import { assertLeafIndex, assertTreeSizes, bitLength, onesCount } from './tree-size.ts';

/**
 * Checks that the leaf is in the tree (RFC 9162 section 2.1.3.2, same tree as RFC 6962 section 2.1).
 *
 * @param index leaf position, 0 <= index < size
 * @param leafHash 32 bytes, from {@link hashLeaf}
 * @param proof sibling hashes of 32 bytes, leaf to root
 * @param root root hash of the tree with `size` leaves
 * @throws MerkleError RANGE, HASH_LENGTH, PROOF_LENGTH, ROOT_MISMATCH
 */
export function verifyInclusion(
  index: bigint,
  size: bigint,
  leafHash: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  assertSameRoot('root of the inclusion proof', rootFromInclusionProof(index, size, leafHash, proof), root);
}

/**
 * Root hash implied by an inclusion proof (RFC 9162 section 2.1.3.2).
 *
 * @param index leaf position, 0 <= index < size
 * @param leafHash 32 bytes, from {@link hashLeaf}
 * @param proof sibling hashes of 32 bytes, leaf to root
 * @throws MerkleError RANGE, HASH_LENGTH, PROOF_LENGTH
 */
export function rootFromInclusionProof(
  index: bigint,
  size: bigint,
  leafHash: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array {
  assertLeafIndex(index, size);
  assertHash(leafHash, 'leaf hash');
  const inner = innerLength(index, size);
  assertProof(proof, inner + onesCount(index >> BigInt(inner)));
  return joinBorder(joinInner(leafHash, proof.slice(0, inner), index), proof.slice(inner));
}

/**
 * Checks that the tree with `size2` leaves extends the one with `size1` (RFC 9162 section 2.1.4.2). The empty
 * tree is a prefix of every tree: from size1 = 0 only an empty proof and {@link EMPTY_ROOT} pass, and nothing is
 * learned about `root2`.
 *
 * @param size1 0 <= size1 <= size2
 * @param proof hashes of 32 bytes, empty when the sizes are equal or size1 = 0
 * @throws MerkleError RANGE, HASH_LENGTH, PROOF_LENGTH, ROOT_MISMATCH
 */
export function verifyConsistency(
  size1: bigint,
  size2: bigint,
  proof: readonly Uint8Array[],
  root1: Uint8Array,
  root2: Uint8Array,
): void {
  assertTreeSizes(size1, size2);
  if (size1 === size2 || size1 === 0n) assertProof(proof, 0);
  if (size1 === 0n) assertSameRoot('root of the empty tree', root1, EMPTY_ROOT);
  if (size1 === size2) return assertSameRoot('second root of equal sizes', root2, root1);
  assertHash(root1, 'first root');
  assertHash(root2, 'second root');
  if (size1 === 0n) return;

  // The proof is the inclusion path of the old tree's last perfect subtree, which ends at leaf size1 - 1, seen
  // from that level.
  const shift = trailingZeros(size1);
  const inner = innerLength(size1 - 1n, size2) - shift;
  // An old tree that is one perfect subtree starts from its own root; otherwise the proof carries the start.
  const startsFromRoot = size1 === 1n << BigInt(shift);
  const mask = (size1 - 1n) >> BigInt(shift);
  assertProof(proof, (startsFromRoot ? 0 : 1) + inner + onesCount(mask >> BigInt(inner)));

  const start = startsFromRoot ? root1 : (proof[0] ?? root1);
  const path = startsFromRoot ? proof : proof.slice(1);
  const innerPath = path.slice(0, inner);
  const border = path.slice(inner);
  assertSameRoot(
    'first root of the consistency proof',
    joinBorder(joinInnerLeft(start, innerPath, mask), border),
    root1,
  );
  assertSameRoot(
    'second root of the consistency proof',
    joinBorder(joinInner(start, innerPath, mask), border),
    root2,
  );
}

/**
 * Levels below the point where the leaf's path meets the right edge of the tree: there siblings come from both sides.
 */
function innerLength(index: bigint, size: bigint): number {
  return bitLength(index ^ (size - 1n));
}

function joinInner(start: Uint8Array, proof: readonly Uint8Array[], index: bigint): Uint8Array {
  return proof.reduce(
    (hash, sibling, level) =>
      isRightChild(index, level) ? hashChildren(sibling, hash) : hashChildren(hash, sibling),
    start,
  );
}

/** Like {@link joinInner} for the old tree of a consistency proof: what lies to the right did not exist yet. */
function joinInnerLeft(start: Uint8Array, proof: readonly Uint8Array[], index: bigint): Uint8Array {
  return proof.reduce(
    (hash, sibling, level) => (isRightChild(index, level) ? hashChildren(sibling, hash) : hash),
    start,
  );
}

/** Along the right edge every sibling is on the left. */
function joinBorder(start: Uint8Array, proof: readonly Uint8Array[]): Uint8Array {
  return proof.reduce((hash, sibling) => hashChildren(sibling, hash), start);
}

function isRightChild(index: bigint, level: number): boolean {
  return ((index >> BigInt(level)) & 1n) === 1n;
}

function trailingZeros(n: bigint): number {
  return bitLength(n & -n) - 1;
}

function assertProof(proof: readonly Uint8Array[], want: number): void {
  if (proof.length !== want) throw new MerkleError('PROOF_LENGTH', 'hashes in the proof', proof.length, want);
  for (const hash of proof) assertHash(hash, 'proof hash');
}

function assertSameRoot(subject: string, got: Uint8Array, want: Uint8Array): void {
  if (!equalBytes(got, want))
    throw new MerkleError('ROOT_MISMATCH', subject, encodeHex(got), encodeHex(want));
}

import { MerkleError } from './merkle-error.ts';

/** Tree sizes are unsigned 64-bit numbers on every wire (TLS presentation language, checkpoints, protobuf). */
export const MAX_TREE_SIZE = (1n << 64n) - 1n;

/** @throws MerkleError RANGE unless 0 <= size < 2^64 */
export function assertTreeSize(size: bigint, subject: string): void {
  if (size < 0n || size > MAX_TREE_SIZE) {
    throw new MerkleError('RANGE', subject, size, `0 to ${MAX_TREE_SIZE}`);
  }
}

/** @throws MerkleError RANGE unless 0 <= index < size < 2^64 */
export function assertLeafIndex(index: bigint, size: bigint): void {
  assertTreeSize(size, 'tree size');
  if (index < 0n || index >= size) {
    throw new MerkleError('RANGE', 'leaf index', index, `0 <= index < ${size}`);
  }
}

/** @throws MerkleError RANGE unless 0 <= size1 <= size2 < 2^64 */
export function assertTreeSizes(size1: bigint, size2: bigint): void {
  assertTreeSize(size2, 'second tree size');
  if (size1 < 0n || size1 > size2) {
    throw new MerkleError('RANGE', 'first tree size', size1, `0 <= size1 <= ${size2}`);
  }
}

/** Number of binary digits; 0 for 0. Requires n >= 0. */
export function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}

/** Number of one bits: how many perfect subtrees a tree of n leaves falls into. Requires 0 <= n < 2^64. */
export function onesCount(n: bigint): number {
  let count = 0;
  for (let rest = n; rest !== 0n; rest >>= 1n) count += Number(rest & 1n);
  return count;
}

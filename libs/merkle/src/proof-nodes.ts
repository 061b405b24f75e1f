import { assertLeafIndex, assertTreeSizes, bitLength } from './tree-size.ts';

/** A perfect subtree: the node `index` of `level` covers the leaves [index * 2^level, (index + 1) * 2^level). */
export interface NodeId {
  readonly level: number;
  readonly index: bigint;
}

/**
 * What one hash of a proof is made of: a single stored node, or, at the right edge of a tree whose size is no
 * power of two, several neighbouring perfect subtrees (left to right) whose common root is hashed on the spot
 * and stored nowhere.
 */
export type ProofHash = readonly NodeId[];

/**
 * Nodes of an inclusion proof, leaf to root: PATH(index, D[size]) of RFC 6962 section 2.1.1.
 * `inclusionNodes(...).flat()` lists everything to fetch; all of it lies in the tree of `size` leaves.
 *
 * @param index leaf position, 0 <= index < size
 * @throws MerkleError RANGE
 */
export function inclusionNodes(index: bigint, size: bigint): ProofHash[] {
  assertLeafIndex(index, size);
  const hashes: ProofHash[] = [];
  let [begin, end] = [0n, size];
  while (end - begin > 1n) {
    const middle = begin + splitPoint(end - begin);
    if (index < middle) {
      hashes.push(perfectNodes(middle, end));
      end = middle;
    } else {
      hashes.push(perfectNodes(begin, middle));
      begin = middle;
    }
  }
  return hashes.reverse();
}

/**
 * Nodes of a consistency proof: PROOF(size1, D[size2]) of RFC 6962 section 2.1.2. Empty when the sizes are
 * equal, and from the empty tree, which is a prefix of every tree.
 *
 * @param size1 0 <= size1 <= size2
 * @throws MerkleError RANGE
 */
export function consistencyNodes(size1: bigint, size2: bigint): ProofHash[] {
  assertTreeSizes(size1, size2);
  if (size1 === 0n) return [];
  const hashes: ProofHash[] = [];
  let [begin, end] = [0n, size2];
  while (end !== size1) {
    const middle = begin + splitPoint(end - begin);
    if (size1 <= middle) {
      hashes.push(perfectNodes(middle, end));
      end = middle;
    } else {
      hashes.push(perfectNodes(begin, middle));
      begin = middle;
    }
  }
  // While nothing was split off on the left, what remains is the old tree itself: the verifier has its root.
  if (begin !== 0n) hashes.push(perfectNodes(begin, end));
  return hashes.reverse();
}

/** Largest power of two below n. Requires n > 1. */
function splitPoint(n: bigint): bigint {
  return 1n << BigInt(bitLength(n - 1n) - 1);
}

/**
 * Perfect subtrees of the leaves [begin, end), left to right. Requires begin to be a multiple of a power of two
 * >= end - begin.
 */
function perfectNodes(begin: bigint, end: bigint): ProofHash {
  const nodes: NodeId[] = [];
  for (let start = begin; start < end;) {
    const level = bitLength(end - start) - 1;
    nodes.push({ level, index: start >> BigInt(level) });
    start += 1n << BigInt(level);
  }
  return nodes;
}

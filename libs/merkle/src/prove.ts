import { rootOfSubtrees } from './compact-range.ts';
import { assertHash } from './hash.ts';
import type { NodeId, ProofHash } from './proof-nodes.ts';
import { consistencyNodes, inclusionNodes } from './proof-nodes.ts';

/** Looks up a perfect subtree's hash (32 bytes). What it throws passes through. */
export type NodeLookup = (id: NodeId) => Promise<Uint8Array> | Uint8Array;

/**
 * Inclusion proof for a leaf (RFC 6962 section 2.1.1).
 *
 * @param index leaf position, 0 <= index < size
 * @param node asked only for perfect subtrees inside the tree of `size` leaves, all at once
 * @returns sibling hashes of 32 bytes, leaf to root
 * @throws MerkleError RANGE, or HASH_LENGTH when the lookup gives something else than a hash
 */
export async function inclusionProof(index: bigint, size: bigint, node: NodeLookup): Promise<Uint8Array[]> {
  return resolve(inclusionNodes(index, size), node);
}

/**
 * Consistency proof between two sizes of one tree (RFC 6962 section 2.1.2). Empty for equal sizes and for size1 = 0.
 *
 * @param size1 0 <= size1 <= size2
 * @param node asked only for perfect subtrees inside the tree of `size2` leaves, all at once
 * @throws MerkleError RANGE, or HASH_LENGTH when the lookup gives something else than a hash
 */
export async function consistencyProof(
  size1: bigint,
  size2: bigint,
  node: NodeLookup,
): Promise<Uint8Array[]> {
  return resolve(consistencyNodes(size1, size2), node);
}

function resolve(hashes: readonly ProofHash[], node: NodeLookup): Promise<Uint8Array[]> {
  return Promise.all(
    hashes.map(async (ids) => {
      const parts = await Promise.all(ids.map(node));
      for (const part of parts) assertHash(part, 'looked-up node');
      return rootOfSubtrees(parts);
    }),
  );
}

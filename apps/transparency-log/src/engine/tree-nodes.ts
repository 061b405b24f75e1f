import { hashChildren, inclusionNodes, type NodeId } from '@sigstead/merkle';
import { LogError } from '../errors.ts';

/**
 * The nodes around a batch: the perfect subtrees before it and every one it completed. For an entry of the batch each sibling on
 * the way to the root is one of these, or an edge made of several of them, so its proof needs nothing from the database.
 */
export class TreeNodes {
  readonly #nodes = new Map<string, Uint8Array>();
  /** Edges at the right of the tree, which many entries of a batch share; valid for one size. */
  readonly #edges = new Map<string, Uint8Array>();
  #edgeSize = -1n;

  /** @param hashes roots of the perfect subtrees of `size` leaves, largest first */
  static ofRange(size: bigint, hashes: readonly Uint8Array[]): TreeNodes {
    const nodes = new TreeNodes();
    let begin = 0n;
    let next = 0;
    for (let level = size.toString(2).length - 1; level >= 0; level--) {
      if (((size >> BigInt(level)) & 1n) === 0n) continue;
      nodes.set(level, begin >> BigInt(level), hashes[next++] as Uint8Array);
      begin += 1n << BigInt(level);
    }
    return nodes;
  }

  set(level: number, index: bigint, hash: Uint8Array): void {
    this.#nodes.set(`${level}:${index}`, hash);
  }

  /** @throws LogError STORAGE when the node is neither before nor inside the batch */
  get(level: number, index: bigint): Uint8Array {
    const hash = this.#nodes.get(`${level}:${index}`);
    if (hash === undefined)
      throw new LogError('STORAGE', `node ${index} of level ${level} is not part of the batch`);
    return hash;
  }

  /** Inclusion proof of an entry of the batch in the tree of `size` leaves (RFC 6962 section 2.1.1), leaf to root. */
  inclusionProof(index: bigint, size: bigint): Uint8Array[] {
    if (size !== this.#edgeSize) this.#edges.clear();
    this.#edgeSize = size;
    return inclusionNodes(index, size).map((ids) => this.#join(ids));
  }

  #join(ids: readonly NodeId[]): Uint8Array {
    const first = ids[0] as NodeId;
    if (ids.length === 1) return this.get(first.level, first.index);
    const key = `${first.level}:${first.index}`;
    const known = this.#edges.get(key);
    if (known !== undefined) return known;
    const hash = ids
      .map(({ level, index }) => this.get(level, index))
      .reduceRight((right, left) => hashChildren(left, right));
    this.#edges.set(key, hash);
    return hash;
  }
}

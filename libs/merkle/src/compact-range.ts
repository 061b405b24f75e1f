import { EMPTY_ROOT, assertHash, hashChildren } from './hash.ts';
import { MerkleError } from './merkle-error.ts';
import { MAX_TREE_SIZE, assertTreeSize, onesCount } from './tree-size.ts';

/** Receives a perfect subtree as it becomes complete: the node `index` of `level`, covering 2^level leaves. */
export type NodeVisitor = (level: number, index: bigint, hash: Uint8Array) => void;

/**
 * The smallest state from which a tree can grow: the roots of its perfect subtrees, one for each one bit of the size
 * (RFC 9162 section 2.1.2 keeps the same stack). Hashes are held by reference and never written to.
 */
export class CompactRange {
  #size: bigint;
  readonly #hashes: Uint8Array[];

  private constructor(size: bigint, hashes: Uint8Array[]) {
    this.#size = size;
    this.#hashes = hashes;
  }

  /** The range of the tree without leaves. */
  static empty(): CompactRange {
    return new CompactRange(0n, []);
  }

  /**
   * The range of a stored tree.
   *
   * @param size number of leaves, 0 <= size < 2^64
   * @param hashes 32 bytes each, left to right, so the largest subtree comes first
   * @throws MerkleError RANGE, NODE_COUNT, HASH_LENGTH
   */
  static from(size: bigint, hashes: readonly Uint8Array[]): CompactRange {
    assertTreeSize(size, 'tree size');
    const want = onesCount(size);
    if (hashes.length !== want) {
      throw new MerkleError('NODE_COUNT', `hashes of a compact range of size ${size}`, hashes.length, want);
    }
    for (const hash of hashes) assertHash(hash, 'compact range hash');
    return new CompactRange(size, [...hashes]);
  }

  /** Number of leaves. */
  get size(): bigint {
    return this.#size;
  }

  /** Roots of the perfect subtrees, left to right, the largest first. */
  get hashes(): readonly Uint8Array[] {
    return [...this.#hashes];
  }

  /**
   * Adds one leaf.
   *
   * @param leafHash 32 bytes, from {@link hashLeaf}
   * @param visit called for each node this leaf completes, from level 0 (the leaf itself) upwards
   * @throws MerkleError HASH_LENGTH, RANGE when the tree is full; the range is then unchanged
   */
  append(leafHash: Uint8Array, visit?: NodeVisitor): void {
    assertHash(leafHash, 'leaf hash');
    if (this.#size === MAX_TREE_SIZE) {
      throw new MerkleError('RANGE', 'tree size after append', this.#size + 1n, `at most ${MAX_TREE_SIZE}`);
    }
    let hash = leafHash;
    let level = 0;
    visit?.(level, this.#size, hash);
    // A left sibling waiting on the stack means the pair is complete. Popped only at the end: a visitor that
    // throws changes nothing.
    for (let index = this.#size; index & 1n; index >>= 1n) {
      hash = hashChildren(this.#fromRight(level), hash);
      level += 1;
      visit?.(level, index >> 1n, hash);
    }
    this.#hashes.splice(this.#hashes.length - level, level, hash);
    this.#size += 1n;
  }

  /** Root hash of the tree, 32 bytes; {@link EMPTY_ROOT} when there are no leaves. */
  root(): Uint8Array {
    return rootOfSubtrees(this.#hashes);
  }

  /** An independent copy: appending to one does not change the other. */
  clone(): CompactRange {
    return new CompactRange(this.#size, [...this.#hashes]);
  }

  #fromRight(position: number): Uint8Array {
    const hash = this.#hashes.at(-1 - position);
    if (hash === undefined) {
      throw new MerkleError(
        'NODE_COUNT',
        'hashes of a compact range',
        this.#hashes.length,
        `over ${position}`,
      );
    }
    return hash;
  }
}

/**
 * Root hash over neighbouring perfect subtrees of falling size: joined from the right, since the smallest ones
 * form the right edge.
 *
 * @param hashes 32 bytes each, left to right
 */
export function rootOfSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  return (
    hashes.reduceRight<Uint8Array | undefined>(
      (right, left) => (right === undefined ? left : hashChildren(left, right)),
      undefined,
    ) ?? EMPTY_ROOT
  );
}

/**
 * Root hash of a whole tree (RFC 6962 section 2.1).
 *
 * @param leafHashes 32 bytes each, from {@link hashLeaf}, in order
 * @throws MerkleError HASH_LENGTH
 */
export function rootOfLeaves(leafHashes: Iterable<Uint8Array>): Uint8Array {
  const range = CompactRange.empty();
  for (const leafHash of leafHashes) range.append(leafHash);
  return range.root();
}

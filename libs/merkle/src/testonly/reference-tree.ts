import { createHash } from 'node:crypto';

/**
 * The definitions of RFC 6962 section 2.1 word for word: recursive, over slices of the leaves, and sharing no
 * code with the library. Slow and obvious, the oracle of the specs.
 */
export class ReferenceTree {
  readonly #entries: readonly Uint8Array[];

  constructor(entries: readonly Uint8Array[]) {
    this.#entries = entries;
  }

  /** MTH(D[size]) */
  root(size: number): Uint8Array {
    return treeHash(this.#entries.slice(0, size));
  }

  /** PATH(m, D[size]) */
  path(index: number, size: number): Uint8Array[] {
    return auditPath(index, this.#entries.slice(0, size));
  }

  /** PROOF(m, D[size2]) */
  proof(size1: number, size2: number): Uint8Array[] {
    return subProof(size1, this.#entries.slice(0, size2), true);
  }

  /**
   * Hash of a perfect subtree: the lookup a log's storage offers. Throws when it is not wholly inside the tree
   * of `size` leaves.
   */
  node(level: number, index: bigint, size: number): Uint8Array {
    const begin = Number(index) * 2 ** level;
    const end = begin + 2 ** level;
    if (end > size) throw new Error(`node ${level}/${index} is not perfect in a tree of ${size}`);
    return treeHash(this.#entries.slice(begin, end));
  }
}

function treeHash(d: readonly Uint8Array[]): Uint8Array {
  const [only] = d;
  if (only === undefined) return sha256();
  if (d.length === 1) return sha256(Uint8Array.of(0x00), only);
  const k = largestPowerOfTwoBelow(d.length);
  return sha256(Uint8Array.of(0x01), treeHash(d.slice(0, k)), treeHash(d.slice(k)));
}

function auditPath(m: number, d: readonly Uint8Array[]): Uint8Array[] {
  if (d.length === 1) return [];
  const k = largestPowerOfTwoBelow(d.length);
  return m < k
    ? [...auditPath(m, d.slice(0, k)), treeHash(d.slice(k))]
    : [...auditPath(m - k, d.slice(k)), treeHash(d.slice(0, k))];
}

function subProof(m: number, d: readonly Uint8Array[], complete: boolean): Uint8Array[] {
  if (m === d.length) return complete ? [] : [treeHash(d)];
  const k = largestPowerOfTwoBelow(d.length);
  return m <= k
    ? [...subProof(m, d.slice(0, k), complete), treeHash(d.slice(k))]
    : [...subProof(m - k, d.slice(k), false), treeHash(d.slice(0, k))];
}

function largestPowerOfTwoBelow(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

import { hashChildren, type NodeId, type NodeLookup } from '@sigstead/merkle';
import { LogError } from '../errors.ts';
import { splitHashes } from '../storage/log-rows.ts';
import { LruCache } from './lru-cache.ts';

/** Where stored hashes come from; what it returns never changes. */
export interface NodeSource {
  /** The full tile, 8192 bytes, undefined when there is none. */
  tile(level: number, n: bigint): Promise<Uint8Array | undefined>;
  /** Hashes of nodes [from, to) at level 8 * level, back to back. */
  nodes(level: number, from: bigint, to: bigint): Promise<Uint8Array>;
}

/** Hashes of a tile's nodes, by height above its bottom row: 256, 128, ... 1. */
type Pyramid = readonly (readonly Uint8Array[])[];

/** A tile that is not full: it grows, but no node in it ever changes. */
interface Edge {
  readonly n: bigint;
  readonly hashes: readonly Uint8Array[];
  /** Nodes above the bottom row that were asked for before, by height and first column. */
  readonly joined: Map<number, Uint8Array>;
}

const TILE_HEIGHT = 8;
const TILE_WIDTH = 256;
/** 511 hashes and their objects, roughly. */
const PYRAMID_WEIGHT = 48 * 1024;

/**
 * Hashes of perfect subtrees, for proofs: from full tiles, each read once and kept while it is used, and at the right edge from
 * the leaf hashes of chunks and the roots of full tiles. Reads only committed rows and takes no lock.
 */
export class NodeReader {
  readonly #source: NodeSource;
  readonly #pyramids: LruCache<Promise<Pyramid>>;
  readonly #edges = new Map<number, Edge>();

  constructor(source: NodeSource, cacheBytes = 32 * 1024 * 1024) {
    this.#source = source;
    this.#pyramids = new LruCache(cacheBytes);
  }

  /** Lookup for proofs in the tree of `size` leaves, which must be committed. */
  nodesOf(size: bigint): NodeLookup {
    return (id) => this.#node(id, size);
  }

  async #node({ level, index }: NodeId, size: bigint): Promise<Uint8Array> {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const height = level % TILE_HEIGHT;
    const first = index << BigInt(height);
    const n = first / BigInt(TILE_WIDTH);
    const offset = Number(first % BigInt(TILE_WIDTH));
    if (isFull(tileLevel, n, size)) {
      const hash = (await this.#pyramid(tileLevel, n))[height]?.[offset >> height];
      if (hash !== undefined) return hash;
    } else {
      return joinEdge(await this.#edge(tileLevel, n, offset + (1 << height), size), height, offset);
    }
    throw new LogError('STORAGE', `node ${index} of level ${level} is not in the tree of ${size}`);
  }

  #pyramid(level: number, n: bigint): Promise<Pyramid> {
    const key = `${level}:${n}`;
    const known = this.#pyramids.get(key);
    if (known !== undefined) return known;
    // The promise is kept, so that many proofs at once read a tile once; a failed read is forgotten.
    const loading = this.#load(level, n);
    this.#pyramids.set(key, loading, PYRAMID_WEIGHT);
    loading.catch(() => this.#pyramids.delete(key));
    return loading;
  }

  async #load(level: number, n: bigint): Promise<Pyramid> {
    const data = await this.#source.tile(level, n);
    if (data?.length !== TILE_WIDTH * 32)
      throw new LogError('STORAGE', `tile ${n} of level ${level} is missing`);
    const rows: Uint8Array[][] = [splitHashes(data)];
    for (let row = rows[0] as Uint8Array[]; row.length > 1; rows.push(row)) row = joinPairs(row);
    return rows;
  }

  /** A tile that is not full yet, with at least `count` hashes of its bottom row. */
  async #edge(level: number, n: bigint, count: number, size: bigint): Promise<Edge> {
    const present = this.#edges.get(level);
    const known = present?.n === n ? present : { n, hashes: [], joined: new Map<number, Uint8Array>() };
    if (known.hashes.length >= count) return known;
    const begin = n * BigInt(TILE_WIDTH) + BigInt(known.hashes.length);
    const end = size >> BigInt(TILE_HEIGHT * level);
    const read = await this.#source.nodes(level, begin, end);
    const edge: Edge = { ...known, hashes: [...known.hashes, ...splitHashes(read)] };
    const now = this.#edges.get(level);
    // Proofs at an older head may still be working on the previous tile; the edge only moves forward.
    if (now === undefined || now.n < n || (now.n === n && now.hashes.length < edge.hashes.length)) {
      this.#edges.set(level, edge);
    }
    return edge;
  }
}

function joinEdge({ hashes, joined }: Edge, height: number, offset: number): Uint8Array {
  const key = height * TILE_WIDTH + offset;
  const known = joined.get(key);
  if (known !== undefined) return known;
  const hash = rootOf(hashes.slice(offset, offset + (1 << height)));
  joined.set(key, hash);
  return hash;
}

function isFull(level: number, n: bigint, size: bigint): boolean {
  return n < size >> BigInt(TILE_HEIGHT * (level + 1));
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) row = joinPairs(row);
  const root = row[0];
  if (root === undefined) throw new LogError('STORAGE', 'a tile edge is shorter than the tree says');
  return root;
}

function joinPairs(row: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (let i = 0; i + 1 < row.length; i += 2) {
    joined.push(hashChildren(row[i] as Uint8Array, row[i + 1] as Uint8Array));
  }
  return joined;
}

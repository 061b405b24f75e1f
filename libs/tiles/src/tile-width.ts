/** Hashes of a full tile, and entries of a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

const TILE_HEIGHT = 8n;

/** Which row of a tile log a tile is of: a level of hashes, or the entries under level 0 in one of their two framings. */
export type TileLevel = number | EntryLevel;

/** `entries`: entry bundles of C2SP tlog-tiles; `data`: data tiles of C2SP static-ct-api. */
export type EntryLevel = 'entries' | 'data';

/** One tile of a log, full or partial. */
export interface TileAddress {
  /** 0 to 63 for hashes */
  readonly level: TileLevel;
  /** 0 <= n < 2^56 */
  readonly n: bigint;
  /** 1 to 256; under 256 it is a partial tile, the first hashes of the full one */
  readonly width: number;
}

/** How many hashes a tree has in a row of tiles: entries and data have one for each of level 0. */
export function rowLength(level: TileLevel, treeSize: bigint): bigint {
  return typeof level === 'number' ? treeSize >> (TILE_HEIGHT * BigInt(level)) : treeSize;
}

/**
 * Width of tile `n` of a level in a tree of `treeSize` leaves: 256 when it is full, 0 when the tree has no such tile.
 *
 * @param treeSize 0 <= treeSize < 2^64
 */
export function tileWidth(level: TileLevel, n: bigint, treeSize: bigint): number {
  const left = rowLength(level, treeSize) - n * BigInt(TILE_WIDTH);
  if (left <= 0n || n < 0n) return 0;
  return left < BigInt(TILE_WIDTH) ? Number(left) : TILE_WIDTH;
}

/** All tiles of hashes a tree of that size has: the full ones level by level, then the partial ones. */
export function* tilesOf(treeSize: bigint): Iterable<TileAddress> {
  const partial: TileAddress[] = [];
  for (let level = 0; rowLength(level, treeSize) > 0n; level++) {
    for (const tile of rowOf(level, treeSize)) {
      if (tile.width === TILE_WIDTH) yield tile;
      else partial.push(tile);
    }
  }
  yield* partial;
}

/**
 * The tiles of one row from left to right; only the last one may be partial.
 *
 * @param from number of the first one wanted
 */
export function* rowOf(level: TileLevel, treeSize: bigint, from = 0n): Iterable<TileAddress> {
  for (let n = from; ; n++) {
    const width = tileWidth(level, n, treeSize);
    if (width === 0) return;
    yield { level, n, width };
  }
}

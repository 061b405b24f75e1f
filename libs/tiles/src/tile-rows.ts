import { concatBytes } from '@sigstead/encoding';
import { CompactRange } from '@sigstead/merkle';
import { TILE_WIDTH, type TileAddress } from './tile-width.ts';

/** A tile of hashes with what must be in it. */
export interface ComputedTile {
  readonly tile: TileAddress & { readonly level: number };
  /** 32 bytes for each of its hashes, back to back. */
  readonly bytes: Uint8Array;
}

const TILE_HEIGHT = 8;

/** The tiles of a tree as it grows: of each level only the one that is not full yet is held. */
export class TileRows {
  readonly #range = CompactRange.empty();
  readonly #edges: { n: bigint; hashes: Uint8Array[] }[] = [];

  /** Number of leaves. */
  get size(): bigint {
    return this.#range.size;
  }

  /** Root hash of the tree so far. */
  root(): Uint8Array {
    return this.#range.root();
  }

  /**
   * Adds one leaf.
   *
   * @param leafHash 32 bytes
   * @returns the tiles it filled, level 0 first; most leaves fill none
   */
  append(leafHash: Uint8Array): ComputedTile[] {
    const filled: ComputedTile[] = [];
    this.#range.append(leafHash, (height, _index, hash) => {
      if (height % TILE_HEIGHT !== 0) return;
      const level = height / TILE_HEIGHT;
      const edge = (this.#edges[level] ??= { n: 0n, hashes: [] });
      edge.hashes.push(hash);
      if (edge.hashes.length < TILE_WIDTH) return;
      filled.push(computed(level, edge.n, edge.hashes));
      this.#edges[level] = { n: edge.n + 1n, hashes: [] };
    });
    return filled;
  }

  /** The partial tiles of the tree so far, level 0 first. */
  partial(): ComputedTile[] {
    return this.#edges.flatMap(({ n, hashes }, level) =>
      hashes.length === 0 ? [] : [computed(level, n, hashes)],
    );
  }
}

function computed(level: number, n: bigint, hashes: readonly Uint8Array[]): ComputedTile {
  return { tile: { level, n, width: hashes.length }, bytes: concatBytes(...hashes) };
}

import { HASH_SIZE } from '@sigstead/merkle';
import { TILE_WIDTH, tileWidth, type TileLevel } from '@sigstead/tiles';
import type { HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import { PrefixCache } from './prefix-cache.ts';

/** What is read of a log, whatever its kind. */
export interface TileSource {
  readonly publication: Pick<HostedLog<unknown>['publication'], 'head'>;
  readonly reader: Pick<HostedLog<unknown>['reader'], 'tile' | 'nodeHashes' | 'entriesBetween'>;
}

/** What an entry's object takes beside its bytes, roughly. */
const ENTRY_OVERHEAD = 128;

/**
 * Tiles and entries of one log as far as they are published, of any width up to that: a partial tile is the beginning of the full one
 * and stays readable for ever. Takes no lock. What was read once is kept, and is given without asking for the published head
 * again: what was published stays so.
 */
export class TileReader {
  readonly #log: TileSource;
  readonly #tiles: PrefixCache<Uint8Array>;
  readonly #entries: PrefixCache<readonly Uint8Array[]>;

  /** @param cacheBytes for hashes and for entries each */
  constructor(log: TileSource, cacheBytes = 16 * 1024 * 1024) {
    this.#log = log;
    this.#tiles = new PrefixCache(cacheBytes);
    this.#entries = new PrefixCache(cacheBytes);
  }

  /**
   * The first `width` hashes of a tile, 32 bytes each, back to back; undefined while the published tree has fewer.
   *
   * @param level 0 to 63
   * @param width 1 to 256
   * @throws LogError REFUSED, UNAVAILABLE, STORAGE
   */
  async tile(level: number, n: bigint, width: number): Promise<Uint8Array | undefined> {
    const tile = await this.#tiles.get(`${level}:${n}`, width, {
      published: () => this.#publishedWidth(level, n),
      load: async (published) => {
        const value = await this.#readHashes(level, n, published);
        return { width: published, value, weight: value.length };
      },
    });
    return tile?.subarray(0, width * HASH_SIZE);
  }

  /**
   * The first `width` entries from index 256 * n on; undefined while the published tree has fewer.
   *
   * @param width 1 to 256
   * @throws LogError REFUSED, UNAVAILABLE, STORAGE
   */
  async entries(n: bigint, width: number): Promise<readonly Uint8Array[] | undefined> {
    return (await this.entriesAtLeast(n, width))?.slice(0, width);
  }

  /** As {@link entries}, and those that were read with them. */
  entriesAtLeast(n: bigint, width: number): Promise<readonly Uint8Array[] | undefined> {
    return this.#entries.get(n.toString(), width, {
      published: () => this.#publishedWidth('entries', n),
      load: async (published) => {
        const value = await this.#readEntries(n, published);
        const weight = value.reduce((sum, entry) => sum + entry.length + ENTRY_OVERHEAD, 0);
        return { width: published, value, weight };
      },
    });
  }

  async #publishedWidth(level: TileLevel, n: bigint): Promise<number> {
    const { size } = await this.#log.publication.head();
    return tileWidth(level, n, size);
  }

  async #readHashes(level: number, n: bigint, width: number): Promise<Uint8Array> {
    const { reader } = this.#log;
    const first = n * BigInt(TILE_WIDTH);
    if (width < TILE_WIDTH) return reader.nodeHashes(level, first, first + BigInt(width));
    const tile = await reader.tile(level, n);
    if (tile?.length !== TILE_WIDTH * HASH_SIZE)
      throw new LogError('STORAGE', `tile ${n} of level ${level} was published and is not stored`);
    return tile;
  }

  async #readEntries(n: bigint, width: number): Promise<Uint8Array[]> {
    const first = n * BigInt(TILE_WIDTH);
    const stored = await this.#log.reader.entriesBetween(first, first + BigInt(width));
    if (stored.length !== width)
      throw new LogError(
        'STORAGE',
        `entries ${first} to ${first + BigInt(width)} were published and ${stored.length} of them are stored`,
      );
    return stored.map(({ entry }) => entry);
  }
}

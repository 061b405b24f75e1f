import { encodeHex, equalBytes } from '@sigstead/encoding';
import { HASH_SIZE } from '@sigstead/merkle';
import type { EntryFormat, EntryReading, Reference } from './entry-format.ts';
import { TilesError } from './errors.ts';
import { inOrder } from './in-order.ts';
import { formatTilePath } from './tile-path.ts';
import { TileRows, type ComputedTile } from './tile-rows.ts';
import { rowOf, TILE_WIDTH, type TileAddress } from './tile-width.ts';

/**
 * The bytes at a path below the log's prefix, undefined when there is nothing. What is longer than `maxBytes` may be cut off anywhere
 * behind that. It throws when the log cannot be asked, which ends the verification.
 */
export type FetchResource = (path: string, maxBytes: number) => Promise<Uint8Array | undefined>;

export interface TileLogToVerify {
  /** From a checkpoint that was verified. */
  readonly head: { readonly size: bigint; readonly rootHash: Uint8Array };
  readonly format: EntryFormat;
  readonly fetchResource: FetchResource;
  /** Bundles fetched at once, 8 unless told. */
  readonly workers?: number;
  /** After so many the rest is not looked at, 20 unless told. */
  readonly maxDiscrepancies?: number;
  readonly onProgress?: (verified: bigint) => void;
}

/** Something the log serves that does not follow from its entries, or does not lead to its checkpoint. */
export interface Discrepancy {
  /** Of the resource, below the log's prefix. */
  readonly path: string;
  readonly message: string;
}

export interface TileLogReport {
  /** Empty for a log that is sound. In the order of the log. */
  readonly discrepancies: readonly Discrepancy[];
  /** How far the log was looked at, in entries; less than its size only after discrepancies. */
  readonly entries: bigint;
  readonly bundles: number;
  readonly tiles: number;
  readonly references: number;
}

/**
 * Verifies all a tile log serves at one checkpoint: every bundle is read, the tree is made again of its entries, every tile of
 * every level, the partial ones of that size included, is compared with it, and so is the root. Holds one tile of each level and the
 * bundles under way.
 *
 * Where a bundle cannot be read, the tree is made of the hashes in its tile instead, so that what comes after it is still compared.
 *
 * @throws whatever `fetchResource` throws
 */
export async function verifyTileLog(log: TileLogToVerify): Promise<TileLogReport> {
  const verification = new Verification(log);
  const { head, workers = 8 } = log;
  const bundles = inOrder(rowOf(log.format.level, head.size), workers, (tile) => verification.fetch(tile));
  for await (const bundle of bundles) {
    await verification.takeBundle(bundle);
    if (verification.isOver) return verification.report();
    log.onProgress?.(verification.entries);
  }
  await verification.close();
  return verification.report();
}

/** One bundle and the tile of its leaf hashes as they are served. */
interface FetchedBundle {
  readonly tile: TileAddress;
  readonly bundle: Uint8Array | undefined;
  readonly hashes: Uint8Array | undefined;
}

class Verification {
  readonly #log: TileLogToVerify;
  readonly #maxDiscrepancies: number;
  readonly #rows = new TileRows();
  readonly #discrepancies: Discrepancy[] = [];
  #hasGap = false;
  #bundles = 0;
  #tiles = 0;
  #references = 0;

  constructor(log: TileLogToVerify) {
    this.#log = log;
    this.#maxDiscrepancies = log.maxDiscrepancies ?? 20;
  }

  get entries(): bigint {
    return this.#rows.size;
  }

  get isOver(): boolean {
    return this.#hasGap || this.#discrepancies.length >= this.#maxDiscrepancies;
  }

  report(): TileLogReport {
    return {
      discrepancies: this.#discrepancies,
      entries: this.entries,
      bundles: this.#bundles,
      tiles: this.#tiles,
      references: this.#references,
    };
  }

  async fetch(tile: TileAddress): Promise<FetchedBundle> {
    const { fetchResource, format } = this.#log;
    const [bundle, hashes] = await Promise.all([
      fetchResource(formatTilePath(tile), format.maxBytes),
      fetchResource(formatTilePath({ ...tile, level: 0 }), tile.width * HASH_SIZE),
    ]);
    return { tile, bundle, hashes };
  }

  async takeBundle({ tile, bundle, hashes }: FetchedBundle): Promise<void> {
    this.#bundles += 1;
    const reading = this.#read(tile, bundle);
    const leafHashes = reading?.leafHashes ?? splitHashes(hashes, tile.width);
    if (leafHashes === undefined) {
      this.#report(
        formatTilePath({ ...tile, level: 0 }),
        'is no way around its bundle: the rest was not verified',
      );
      this.#hasGap = true;
      return;
    }
    const filled = leafHashes.flatMap((leafHash) => this.#rows.append(leafHash));
    const [lowest, ...higher] = tile.width < TILE_WIDTH ? this.#rows.partial().slice(0, 1) : filled;
    if (lowest !== undefined) this.#compare(lowest, hashes);
    for (const each of higher) await this.#fetchAndCompare(each);
    for (const reference of reading?.references ?? []) {
      if (this.isOver) return;
      await this.#checkReference(reference);
    }
  }

  /** What is compared once all entries are in. */
  async close(): Promise<void> {
    for (const partial of this.#rows.partial()) {
      if (partial.tile.level > 0) await this.#fetchAndCompare(partial);
    }
    const { rootHash } = this.#log.head;
    const computed = this.#rows.root();
    if (!equalBytes(computed, rootHash)) {
      this.#report(
        'checkpoint',
        `root hash of ${this.entries} entries is ${encodeHex(rootHash)}, the entries give ${encodeHex(computed)}`,
      );
    }
  }

  #read(tile: TileAddress, bundle: Uint8Array | undefined): EntryReading | undefined {
    const path = formatTilePath(tile);
    const { format } = this.#log;
    if (bundle === undefined) {
      this.#report(path, 'is missing');
      return undefined;
    }
    if (bundle.length > format.maxBytes) {
      this.#report(path, `has more than ${format.maxBytes} bytes`);
      return undefined;
    }
    try {
      const reading = format.read(bundle, tile.n * BigInt(TILE_WIDTH), tile.width);
      for (const fault of reading.faults) this.#report(path, fault);
      return reading;
    } catch (error) {
      if (!(error instanceof TilesError)) throw error;
      this.#report(path, error.message);
      return undefined;
    }
  }

  async #fetchAndCompare(want: ComputedTile): Promise<void> {
    this.#compare(want, await this.#log.fetchResource(formatTilePath(want.tile), want.bytes.length));
  }

  #compare({ tile, bytes: want }: ComputedTile, got: Uint8Array | undefined): void {
    this.#tiles += 1;
    const path = formatTilePath(tile);
    if (got === undefined) return this.#report(path, 'is missing');
    if (got.length !== want.length) {
      const length = got.length > want.length ? `more than ${want.length}` : String(got.length);
      return this.#report(path, `has ${length} bytes, want ${want.length}`);
    }
    if (equalBytes(got, want)) return;
    for (let at = 0; at < want.length; at += HASH_SIZE) {
      const [have, give] = [got, want].map((bytes) => encodeHex(bytes.subarray(at, at + HASH_SIZE)));
      if (have === give) continue;
      const place = at / HASH_SIZE;
      const index = tile.n * BigInt(TILE_WIDTH) + BigInt(place);
      const what = tile.level === 0 ? `entry ${index}` : `tile ${index} of level ${tile.level - 1}`;
      return this.#report(path, `hash ${place}, of ${what}, is ${have}, the entries give ${give}`);
    }
  }

  async #checkReference({ path, maxBytes, fault }: Reference): Promise<void> {
    this.#references += 1;
    const bytes = await this.#log.fetchResource(path, maxBytes);
    if (bytes === undefined) return this.#report(path, 'is missing');
    const message = bytes.length > maxBytes ? `has more than ${maxBytes} bytes` : fault(bytes);
    if (message !== undefined) this.#report(path, message);
  }

  #report(path: string, message: string): void {
    if (this.#discrepancies.length < this.#maxDiscrepancies) this.#discrepancies.push({ path, message });
  }
}

function splitHashes(bytes: Uint8Array | undefined, width: number): Uint8Array[] | undefined {
  if (bytes?.length !== width * HASH_SIZE) return undefined;
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE));
}

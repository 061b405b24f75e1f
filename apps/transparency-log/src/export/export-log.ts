import { encodeHex, equalBytes } from '@sigstead/encoding';
import {
  formatTilePath,
  rowLength,
  rowOf,
  TILE_WIDTH,
  tileWidth,
  type TileAddress,
  type TileLevel,
} from '@sigstead/tiles';
import { parseCheckpoint, parseSignedNote, TlogError, type Checkpoint } from '@sigstead/tlog';
import { LogError } from '../errors.ts';
import type { BundleFormat } from '../tiles/serve-tile.ts';
import { TileReader, type TileSource } from '../tiles/tile-reader.ts';
import type { ExportTarget } from './export-target.ts';

/** A log to be exported. */
export interface ExportSource {
  readonly origin: string;
  readonly format: BundleFormat;
  readonly reader: TileSource['reader'];
  /** The newest published head, as a signed note. @throws LogError */
  checkpoint(): Promise<string>;
  /** Root at a size that was published, undefined when there was none. @throws LogError */
  rootAt(size: bigint): Promise<Uint8Array | undefined>;
  /** What these entries refer to, by path. @throws LogError */
  references(entries: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface ExportOptions {
  /** Resources written at once. */
  readonly workers: number;
  readonly onProgress?: (report: ExportReport) => void;
}

export interface ExportReport {
  /** Entries exported before and now. */
  readonly from: bigint;
  readonly size: bigint;
  /** Resources written, and found there after an export that was cut off. */
  readonly written: number;
  readonly found: number;
}

/**
 * Brings an export up to the published head: every bundle and tile that the tree had not when the checkpoint of the export was made, what
 * its entries refer to, and the checkpoint last. What is cut off goes on where it was; until the new checkpoint is there, the export is
 * what it was before. Partial tiles of earlier checkpoints stay: somebody may still be reading at one of them.
 *
 * @throws LogError CONFIGURATION when the export is of another log, or was changed by another export meanwhile; UNAVAILABLE, REFUSED, STORAGE
 */
export async function exportLog(
  source: ExportSource,
  target: ExportTarget,
  { workers, onProgress }: ExportOptions,
): Promise<ExportReport> {
  const present = await target.readCheckpoint();
  const note = await source.checkpoint();
  const head = readCheckpoint(note);
  const from = present === undefined ? 0n : await exportedSize(source, present, head.size);
  const writing = new ExportWriting(source, target, head);
  const resources = newTiles(source.format.level, from, head.size);
  const report = (): ExportReport => ({ from, size: head.size, ...writing.counts });
  // One iterator for all: each takes what no other has taken, and the first that fails ends it.
  const work = async (): Promise<void> => {
    for (const tile of resources) {
      await writing.tile(tile);
      onProgress?.(report());
    }
  };
  // All have ended when this does: the caller may close the target then.
  const ended = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  if (!(await target.replaceCheckpoint(present, note)))
    throw new LogError('CONFIGURATION', 'another export to the same place has come between: one at a time');
  return report();
}

/** How far the export goes, once it is certain that it is of this log. */
async function exportedSize(source: ExportSource, note: string, published: bigint): Promise<bigint> {
  const { origin, size, rootHash } = readCheckpoint(note);
  if (origin !== source.origin)
    throw new LogError('CONFIGURATION', `the export is of log ${origin}, not of ${source.origin}`);
  if (size > published)
    throw new LogError('CONFIGURATION', `the export has ${size} entries, the log ${published}: it is ahead`);
  const root = await source.rootAt(size);
  if (root === undefined || !equalBytes(root, rootHash)) {
    const stored = root === undefined ? 'none' : encodeHex(root);
    throw new LogError(
      'CONFIGURATION',
      `the export has root ${encodeHex(rootHash)} at size ${size}, the log ${stored}: it is another tree`,
    );
  }
  return size;
}

function readCheckpoint(note: string): Checkpoint {
  try {
    return parseCheckpoint(parseSignedNote(note).body);
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new LogError('CONFIGURATION', `the checkpoint of the export is none: ${cause.message}`, { cause });
  }
}

/** Tiles of all rows that a tree of `size` has and one of `from` had not. */
function* newTiles(entryLevel: TileLevel, from: bigint, size: bigint): Iterable<TileAddress> {
  yield* newTilesOf(entryLevel, from, size);
  for (let level = 0; rowLength(level, size) > 0n; level++) yield* newTilesOf(level, from, size);
}

function* newTilesOf(level: TileLevel, from: bigint, size: bigint): Iterable<TileAddress> {
  for (const tile of rowOf(level, size, rowLength(level, from) / BigInt(TILE_WIDTH)))
    if (tile.width > tileWidth(level, tile.n, from)) yield tile;
}

class ExportWriting {
  readonly #source: ExportSource;
  readonly #target: ExportTarget;
  readonly #reader: TileReader;
  /** Paths of references that are there. */
  readonly #known = new Set<string>();
  #written = 0;
  #found = 0;

  constructor(source: ExportSource, target: ExportTarget, { size, rootHash }: Checkpoint) {
    this.#source = source;
    this.#target = target;
    // The head is the one that the checkpoint was made of, whatever is published meanwhile.
    const head = Promise.resolve({ size, root: rootHash });
    this.#reader = new TileReader({ publication: { head: () => head }, reader: source.reader });
  }

  get counts(): Pick<ExportReport, 'written' | 'found'> {
    return { written: this.#written, found: this.#found };
  }

  async tile(tile: TileAddress): Promise<void> {
    const path = formatTilePath(tile);
    if (await this.#target.has(path)) {
      this.#found += 1;
      return;
    }
    const bytes =
      typeof tile.level === 'number'
        ? await this.#reader.tile(tile.level, tile.n, tile.width)
        : await this.#bundle(tile);
    if (bytes === undefined) throw new LogError('STORAGE', `${path} was published and is not there`);
    await this.#put(path, bytes);
  }

  /** What its entries refer to comes first: where a bundle is, that is too. */
  async #bundle({ n, width }: TileAddress): Promise<Uint8Array | undefined> {
    const entries = await this.#reader.entries(n, width);
    if (entries === undefined) return undefined;
    for (const [path, bytes] of await this.#source.references(entries)) {
      if (this.#known.has(path)) continue;
      if (!(await this.#target.has(path))) await this.#put(path, bytes);
      this.#known.add(path);
    }
    return this.#source.format.encode(entries);
  }

  async #put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#target.put(path, bytes);
    this.#written += 1;
  }
}

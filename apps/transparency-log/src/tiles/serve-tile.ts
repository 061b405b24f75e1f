import { concatBytes } from '@sigstead/encoding';
import { parseTilePath, TILE_WIDTH, type EntryLevel, type TileAddress } from '@sigstead/tiles';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { HeldBytes } from './held-bytes.ts';
import type { TileReader } from './tile-reader.ts';

export interface TileAnswer {
  readonly status: 200 | 404;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How the entries of a kind of log are framed. */
export interface BundleFormat {
  /** Where they are: `tile/entries/` or `tile/data/`. */
  readonly level: EntryLevel;
  /** Each entry by itself, one behind the other. */
  encode(entries: readonly Uint8Array[]): Uint8Array;
}

/** A week, as other tile logs say; nothing at such a path ever changes. */
const KEPT = 'public, max-age=604800, immutable';
/** An answer kept by a cache would hide the tile once it is published, and some clients take 404 as the end. */
const NOT_KEPT = 'no-store';
/** No tree has such a path, whatever its size. */
const NEVER = 'public, max-age=86400';

const BUNDLE_CACHE_BYTES = 16 * 1024 * 1024;
/** There are 255 widths of a partial bundle, and no two compressed ones have bytes in common: only small ones are. */
const MAX_COMPRESSED_PARTIAL = 1024 * 1024;

const VARIES = { vary: 'Accept-Encoding' };

const compress = promisify(gzip);

/** Tiles and entries of one log over HTTP (C2SP tlog-tiles, static-ct-api), from their path below the log's prefix. */
export class TileServer {
  readonly #reader: TileReader;
  readonly #format: BundleFormat;
  /** By number, as wide as they were when they were read. */
  readonly #bundles = new HeldBytes(BUNDLE_CACHE_BYTES);
  /** Where each entry of a bundle ends. */
  readonly #ends = new WeakMap<ArrayBufferLike, readonly number[]>();
  /** By path. Compressing a bundle takes longer than reading it. */
  readonly #compressed = new HeldBytes(BUNDLE_CACHE_BYTES);
  readonly #compressing = new Map<string, Promise<Uint8Array>>();

  constructor(reader: TileReader, format: BundleFormat) {
    this.#reader = reader;
    this.#format = format;
  }

  /**
   * @param path from `tile/` on, without query
   * @param acceptEncoding header of the request
   * @throws LogError REFUSED, UNAVAILABLE, STORAGE
   */
  async serve(path: string, acceptEncoding: string | undefined): Promise<TileAnswer> {
    const tile = parseTilePath(path);
    if (tile === undefined || (typeof tile.level !== 'number' && tile.level !== this.#format.level))
      return notFound(NEVER, 'no tile has this path');
    if (typeof tile.level === 'number') {
      const hashes = await this.#reader.tile(tile.level, tile.n, tile.width);
      return hashes === undefined ? notYet() : found(hashes);
    }
    const compressed = acceptsGzip(acceptEncoding) ? await this.#compressedBundle(path, tile) : undefined;
    if (compressed !== undefined) return found(compressed, { ...VARIES, 'content-encoding': 'gzip' });
    const bundle = await this.#bundle(tile);
    return bundle === undefined ? notYet() : found(bundle, VARIES);
  }

  /** The first entries of a bundle, which are its first bytes; undefined while there are fewer. */
  async #bundle({ n, width }: TileAddress): Promise<Uint8Array | undefined> {
    const name = n.toString();
    const known = this.#beginning(name, width);
    if (known !== undefined) return known;
    const entries = await this.#reader.entriesAtLeast(n, width);
    if (entries === undefined) return undefined;
    // Of those who waited for the same entries, the first one encodes them.
    if (this.#beginning(name, width) === undefined) this.#encode(name, entries);
    return this.#beginning(name, width);
  }

  #beginning(name: string, width: number): Uint8Array | undefined {
    const bundle = this.#bundles.get(name);
    const end = bundle && this.#ends.get(bundle.buffer)?.[width - 1];
    return end === undefined ? undefined : bundle?.subarray(0, end);
  }

  #encode(name: string, entries: readonly Uint8Array[]): void {
    const encoded = entries.map((entry) => this.#format.encode([entry]));
    const bundle = concatBytes(...encoded);
    let end = 0;
    this.#ends.set(
      bundle.buffer,
      encoded.map(({ length }) => (end += length)),
    );
    this.#bundles.set(name, bundle);
  }

  /** Undefined while there is no such bundle, and for one that is only sent as it is. */
  async #compressedBundle(path: string, tile: TileAddress): Promise<Uint8Array | undefined> {
    const known = this.#compressed.get(path) ?? this.#compressing.get(path);
    if (known !== undefined) return known;
    const bundle = await this.#bundle(tile);
    if (bundle === undefined || (tile.width < TILE_WIDTH && bundle.length > MAX_COMPRESSED_PARTIAL))
      return undefined;
    return this.#compressing.get(path) ?? this.#compress(path, bundle);
  }

  async #compress(path: string, bundle: Uint8Array): Promise<Uint8Array> {
    // Most of an entry is base64 of what looks random: more effort finds little more.
    const compressing = compress(bundle, { level: constants.Z_BEST_SPEED });
    this.#compressing.set(path, compressing);
    try {
      const compressed = await compressing;
      this.#compressed.set(path, compressed);
      return compressed;
    } finally {
      this.#compressing.delete(path);
    }
  }
}

/** Whether an Accept-Encoding header names gzip and does not refuse it (RFC 9110 section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '').split(',').some((coding) => {
    const [name, ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return (
      (name === 'gzip' || name === 'x-gzip') && !parameters.some((each) => /^q=0(\.0{0,3})?$/.test(each))
    );
  });
}

function found(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): TileAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'cache-control': KEPT, ...headers },
    body,
  };
}

function notYet(): TileAnswer {
  return notFound(NOT_KEPT, 'the published tree has no such tile');
}

function notFound(cacheControl: string, detail: string): TileAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': cacheControl },
    body: Buffer.from(`Not Found\n${detail}\n`),
  };
}

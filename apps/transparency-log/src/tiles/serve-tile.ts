import { parseTilePath, type EntryLevel, type TileAddress } from '@sigstead/tiles';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { LruCache } from '../engine/lru-cache.ts';
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
  encode(entries: readonly Uint8Array[]): Uint8Array;
}

/** A week, as other tile logs say; nothing at such a path ever changes. */
const KEPT = 'public, max-age=604800, immutable';
/** An answer kept by a cache would hide the tile once it is published, and some clients take 404 as the end. */
const NOT_KEPT = 'no-store';
/** No tree has such a path, whatever its size. */
const NEVER = 'public, max-age=86400';

const COMPRESSED_CACHE_BYTES = 16 * 1024 * 1024;

const compress = promisify(gzip);

interface BundleBody {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Tiles and entries of one log over HTTP (C2SP tlog-tiles, static-ct-api), from their path below the log's prefix. */
export class TileServer {
  readonly #reader: TileReader;
  readonly #format: BundleFormat;
  /** Compressing a bundle takes longer than reading it. */
  readonly #compressed = new LruCache<BundleBody>(COMPRESSED_CACHE_BYTES);

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
    const body = acceptsGzip(acceptEncoding)
      ? await this.#compressedBundle(path, tile)
      : await this.#bundle(tile);
    return body === undefined ? notYet() : found(body.bytes, { vary: 'Accept-Encoding', ...body.headers });
  }

  async #bundle({ n, width }: TileAddress): Promise<BundleBody | undefined> {
    const entries = await this.#reader.entries(n, width);
    return entries && { bytes: this.#format.encode(entries), headers: {} };
  }

  async #compressedBundle(path: string, tile: TileAddress): Promise<BundleBody | undefined> {
    const known = this.#compressed.get(path);
    if (known !== undefined) return known;
    const bundle = await this.#bundle(tile);
    if (bundle === undefined) return undefined;
    // Most of an entry is base64 of what looks random: more effort finds little more.
    const bytes = await compress(bundle.bytes, { level: constants.Z_BEST_SPEED });
    const compressed = { bytes, headers: { 'content-encoding': 'gzip' } };
    this.#compressed.set(path, compressed, bytes.length);
    return compressed;
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

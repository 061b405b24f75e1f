import { consistencyProof, inclusionProof } from '@sigstead/merkle';
import type { Pool } from 'pg';
import { LogError } from '../errors.ts';
import { findIdentity, readEntry, type StoredEntry } from '../storage/entry-rows.ts';
import { readTreeHeadTime } from '../storage/log-rows.ts';
import { LruCache } from './lru-cache.ts';
import type { NodeReader } from './node-reader.ts';

/** Reads of committed, immutable things: cached without invalidation, never waiting for a writer. */
export class LogReader {
  readonly #logId: number;
  readonly #pool: Pool;
  readonly #nodes: NodeReader;
  readonly #entries: LruCache<StoredEntry>;

  constructor(logId: number, pool: Pool, nodes: NodeReader, cacheBytes = 32 * 1024 * 1024) {
    this.#logId = logId;
    this.#pool = pool;
    this.#nodes = nodes;
    this.#entries = new LruCache(cacheBytes);
  }

  /**
   * The entry at an index below a published size.
   *
   * @throws LogError UNAVAILABLE, STORAGE when it is not there
   */
  async entry(index: bigint): Promise<StoredEntry> {
    const key = index.toString();
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = await available(readEntry(this.#pool, this.#logId, index));
    if (entry === undefined) throw new LogError('STORAGE', `entry ${index} was published and is not stored`);
    this.#entries.set(key, entry, entry.entry.length + 256);
    return entry;
  }

  /** Index of the entry with this identity, published or about to be. */
  indexOf(identity: Uint8Array): Promise<bigint | undefined> {
    return available(findIdentity(this.#pool, this.#logId, identity));
  }

  /** Time of the newest entry under a published head, undefined for the empty log. */
  headTime(size: bigint): Promise<bigint | undefined> {
    return available(readTreeHeadTime(this.#pool, this.#logId, size));
  }

  inclusionProof(index: bigint, size: bigint): Promise<Uint8Array[]> {
    return available(inclusionProof(index, size, this.#nodes.nodesOf(size)));
  }

  consistencyProof(size1: bigint, size2: bigint): Promise<Uint8Array[]> {
    return available(consistencyProof(size1, size2, this.#nodes.nodesOf(size2)));
  }
}

/** Whatever the driver throws while reading means one thing to the caller. */
export async function available<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof LogError) throw cause;
    throw new LogError('UNAVAILABLE', 'the log cannot be read now', { cause });
  }
}

import { consistencyProof, inclusionProof } from '@sigstead/merkle';
import type { Pool } from 'pg';
import { LogError } from '../errors.ts';
import { readAttestations } from '../storage/attestation-rows.ts';
import { findLeafHash, readIssuers } from '../storage/ct-rows.ts';
import {
  readEntries,
  readEntriesAt,
  readNodeHashes,
  readTile,
  type StoredEntry,
} from '../storage/entry-rows.ts';
import { readFreeze } from '../storage/freeze-rows.ts';
import { findIdentities, readTreeHeadTime } from '../storage/log-rows.ts';
import { searchEntries, type FoundEntry, type KeySearch } from '../storage/search-rows.ts';
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
   * Entries at indexes below a published size, in that order, in one read.
   *
   * @throws LogError UNAVAILABLE, STORAGE when one is not there
   */
  async entries(indexes: readonly bigint[]): Promise<StoredEntry[]> {
    const known = new Map<bigint, StoredEntry>();
    for (const index of indexes) {
      const entry = this.#entries.get(index.toString());
      if (entry !== undefined) known.set(index, entry);
    }
    const missing = [...new Set(indexes)].filter((index) => !known.has(index));
    if (missing.length > 0) {
      for (const entry of await available(readEntriesAt(this.#pool, this.#logId, missing))) {
        known.set(entry.index, entry);
        this.#entries.set(entry.index.toString(), entry, entry.entry.length + 256);
      }
    }
    return indexes.map((index) => {
      const entry = known.get(index);
      if (entry === undefined)
        throw new LogError('STORAGE', `entry ${index} was published and is not stored`);
      return entry;
    });
  }

  /** Entries [from, to) below a published size, in order and not kept. For ranges of a few hundred. @throws LogError UNAVAILABLE */
  entriesBetween(from: bigint, to: bigint): Promise<StoredEntry[]> {
    return available(readEntries(this.#pool, this.#logId, from, to));
  }

  /** A full tile, 8192 bytes, undefined when there is none. @throws LogError UNAVAILABLE */
  tile(level: number, n: bigint): Promise<Uint8Array | undefined> {
    return available(readTile(this.#pool, this.#logId, level, n));
  }

  /** Hashes of nodes [from, to) at level 8 * `level`, back to back. @throws LogError UNAVAILABLE, STORAGE when some are missing */
  nodeHashes(level: number, from: bigint, to: bigint): Promise<Uint8Array> {
    return available(readNodeHashes(this.#pool, this.#logId, level, from, to));
  }

  /** Indexes of the entries that have one of these identities, published or about to be, by the identity's hex. */
  indexesOf(identities: readonly Uint8Array[]): Promise<ReadonlyMap<string, bigint>> {
    return available(findIdentities(this.#pool, this.#logId, identities));
  }

  /** Index of the leaf of a CT log with this hash, published or about to be. @throws LogError UNAVAILABLE */
  indexOfLeaf(hash: Uint8Array): Promise<bigint | undefined> {
    return available(findLeafHash(this.#pool, this.#logId, hash));
  }

  /** Certificates that entries of CT logs refer to, by the hex of their SHA-256. @throws LogError UNAVAILABLE */
  issuers(fingerprints: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return available(readIssuers(this.#pool, fingerprints));
  }

  /** What is kept beside entries, by the hex of its SHA-256. */
  attestations(digests: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return available(readAttestations(this.#pool, this.#logId, digests));
  }

  search(search: KeySearch): Promise<FoundEntry[]> {
    return available(searchEntries(this.#pool, this.#logId, search));
  }

  /** Time of the newest entry under a published head, undefined for the empty log. */
  headTime(size: bigint): Promise<bigint | undefined> {
    return available(readTreeHeadTime(this.#pool, this.#logId, size));
  }

  /** When the log was frozen, undefined while it takes entries. @throws LogError UNAVAILABLE */
  async frozenAt(): Promise<Date | undefined> {
    const atMs = await available(readFreeze(this.#pool, this.#logId));
    return atMs === undefined ? undefined : new Date(Number(atMs));
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

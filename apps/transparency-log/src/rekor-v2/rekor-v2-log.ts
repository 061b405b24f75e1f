import { hashLeaf } from '@sigstead/merkle';
import { HttpProblem } from '@sigstead/server';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import type { Sequenced, Submission } from '../engine/submission.ts';
import { LogError } from '../errors.ts';
import type { FoundEntryJson, RekorV2Shard } from './rekor-v2-shard.ts';
import type { RekorV2Search } from './search-query.ts';

export interface CreatedEntry {
  readonly entry: TransparencyLogEntryJson;
  /** It was there before, and the log is one that does not take that for a success. */
  readonly conflict: boolean;
}

/** A Rekor v2 log over the engine: shards, each a log to its clients, of which the last takes what is sent to no shard by name. */
export class RekorV2Log {
  #shards: readonly RekorV2Shard[];
  #active: RekorV2Shard;
  #awaitRotation: (origin: string) => Promise<boolean> = () => Promise.resolve(false);

  private constructor(shards: readonly RekorV2Shard[], active: RekorV2Shard) {
    this.#shards = shards;
    this.#active = active;
  }

  /** @param shards oldest first; undefined for none */
  static of(shards: readonly RekorV2Shard[]): RekorV2Log | undefined {
    const active = shards.at(-1);
    return active === undefined ? undefined : new RekorV2Log(shards, active);
  }

  get active(): RekorV2Shard {
    return this.#active;
  }

  /** Undefined when there is no such shard. */
  shard(origin: string): RekorV2Shard | undefined {
    return this.#shards.find((shard) => shard.origin === origin);
  }

  /** Takes up what another log is made of: shards that came while this one was serving. */
  become(next: RekorV2Log): void {
    this.#shards = next.#shards;
    this.#active = next.#active;
  }

  /** @param awaitRotation tells whether another shard than this one is active, once that is certain */
  whenFrozen(awaitRotation: (origin: string) => Promise<boolean>): void {
    this.#awaitRotation = awaitRotation;
  }

  /**
   * Checks an entry, and only then queues it.
   *
   * @param wanted the shard that was named; the active one, or the one that follows it when it has just been frozen, unless named
   * @throws TlogError for what the caller sent, LogError of the engine
   */
  async create(body: Uint8Array, wanted: RekorV2Shard | undefined): Promise<CreatedEntry> {
    const shard = wanted ?? this.active;
    const { canonicalBody, indexKeys } = await shard.admit(body);
    const leafHash = hashLeaf(canonicalBody);
    const submission: Submission = {
      identity: leafHash,
      searchKeys: indexKeys,
      issuers: [],
      encode: () => ({ entry: canonicalBody, leafHash }),
    };
    if (wanted !== undefined) return createdIn(wanted, await wanted.submit(submission));
    try {
      return createdIn(shard, await shard.submit(submission));
    } catch (error) {
      const isFrozen = error instanceof LogError && error.code === 'FROZEN';
      if (!isFrozen || !(await this.#awaitRotation(shard.origin))) throw error;
      const next = this.active;
      return createdIn(next, await next.submit(submission));
    }
  }

  /** The entry with this leaf hash: in the newest shard that has it, or in the named one. */
  async byLeafHash(
    leafHash: Uint8Array,
    wanted: RekorV2Shard | undefined,
  ): Promise<TransparencyLogEntryJson | undefined> {
    for (const shard of wanted === undefined ? this.#shards.toReversed() : [wanted]) {
      const entry = await this.#unlessShut(shard, wanted, () => shard.byLeafHash(leafHash));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /**
   * Entries newest first, of all shards or of the named one; indexes begin anew in every shard, so a page ends in one of them.
   *
   * @throws HttpProblem 400 when there are more than an answer holds, and no page of them was asked for
   */
  async search(query: RekorV2Search, wanted: RekorV2Shard | undefined): Promise<FoundEntryJson[]> {
    const { criteria, operator, limit, page, before } = query;
    const shards = this.#searched(query, wanted);
    if (criteria.length === 0) return [];
    const found: FoundEntryJson[] = [];
    // One more than is given tells whether there are more.
    const most = page ? limit : limit + 1;
    for (const [i, shard] of shards.entries()) {
      if (found.length >= most) break;
      const head = await this.#unlessShut(shard, wanted, () => shard.head());
      if (head === undefined) continue;
      const search = { criteria, operator, limit: most - found.length };
      found.push(...(await shard.search(search, i === 0 ? before : undefined, head)));
    }
    if (found.length > limit) {
      throw new HttpProblem(
        400,
        `more than ${limit} entries match: narrow the search, or ask for pages with limit, origin and before`,
        { type: 'too-many-entries' },
      );
    }
    return found;
  }

  /** Newest first, from the one on where a page ended. */
  #searched({ origin }: RekorV2Search, wanted: RekorV2Shard | undefined): readonly RekorV2Shard[] {
    if (wanted !== undefined) return [wanted];
    const newestFirst = this.#shards.toReversed();
    if (origin === undefined) return newestFirst;
    const from = newestFirst.findIndex((shard) => shard.origin === origin);
    if (from < 0) throw new HttpProblem(400, 'origin in body is that of no shard', { field: 'origin' });
    return newestFirst.slice(from);
  }

  /** A shard that signs nothing any more and that nobody asked for by name must not shut those that came after it. */
  async #unlessShut<T>(
    shard: RekorV2Shard,
    wanted: RekorV2Shard | undefined,
    read: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const isShut = error instanceof LogError && error.code === 'REFUSED';
      if (isShut && wanted === undefined && shard !== this.active) return undefined;
      throw error;
    }
  }
}

function createdIn(shard: RekorV2Shard, sequenced: Sequenced<string>): CreatedEntry {
  return {
    entry: shard.created(sequenced),
    conflict: sequenced.duplicate && shard.duplicates === 'conflict',
  };
}

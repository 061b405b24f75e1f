import { encodeHex } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { HttpProblem } from '@sigstead/server';
import type { AdmittedEntry, RekorEntryId } from '@sigstead/tlog';
import type { Sequenced, Submission } from '../engine/submission.ts';
import { LogError } from '../errors.ts';
import type { LogEntryJson, LogInfoJson, ShardInfoJson } from './log-entry-json.ts';
import type { RekorShard } from './rekor-shard.ts';
import type { RetrieveQuery } from './retrieve-query.ts';
import type { SearchQuery } from './search-query.ts';

export interface CreatedEntry {
  readonly entryId: string;
  /** Undefined when an equivalent entry was there before. */
  readonly entry: LogEntryJson | undefined;
}

export interface RekorLogOptions {
  /** Oldest first; the last one takes entries. At least one. */
  readonly shards: readonly RekorShard[];
  /** Checks the body of a create request. */
  readonly admit: (body: Uint8Array) => Promise<AdmittedEntry>;
  /** Bytes of an attestation that is kept. */
  readonly maxAttestationBytes: number;
}

/** A Rekor v1 log over the engine: entries in and out, of all shards, signed afresh on every answer. */
export class RekorLog {
  #shards: readonly RekorShard[];
  #active: RekorShard;
  #options: RekorLogOptions;
  #awaitRotation: (treeId: bigint) => Promise<boolean> = () => Promise.resolve(false);

  constructor(options: RekorLogOptions) {
    const active = options.shards.at(-1);
    if (active === undefined) throw new Error('a Rekor log has at least one shard');
    this.#shards = options.shards;
    this.#active = active;
    this.#options = options;
  }

  /** The shard of this tree, the active one unless told. */
  shard(treeId: string | undefined): RekorShard | undefined {
    if (treeId === undefined) return this.#active;
    return this.#shards.find((shard) => shard.treeId.toString() === treeId);
  }

  /** Takes up what another log was made of: shards that came while this one was serving. */
  become(next: RekorLog): void {
    this.#shards = next.#shards;
    this.#active = next.#active;
    this.#options = next.#options;
  }

  /** @param awaitRotation tells whether another shard than this one is active, once that is certain */
  whenFrozen(awaitRotation: (treeId: bigint) => Promise<boolean>): void {
    this.#awaitRotation = awaitRotation;
  }

  /**
   * Checks an entry, and only then queues it.
   *
   * @throws TlogError for what the caller sent, LogError of the engine
   */
  async create(body: Uint8Array): Promise<CreatedEntry> {
    const { canonicalBody, indexKeys, attestation } = await this.#options.admit(body);
    const leafHash = hashLeaf(canonicalBody);
    const isKept = attestation !== undefined && attestation.length <= this.#options.maxAttestationBytes;
    const { shard, sequenced } = await this.#submit({
      identity: leafHash,
      searchKeys: indexKeys,
      issuers: [],
      ...(isKept ? { attestation } : {}),
      encode: () => ({ entry: canonicalBody, leafHash }),
    });
    const entryId = shard.entryId(leafHash);
    if (sequenced.duplicate) return { entryId, entry: undefined };
    return { entryId, entry: await shard.created(sequenced, leafHash) };
  }

  /** Into the shard that is active now, or into the one that follows it when it has just been frozen. */
  async #submit(
    submission: Submission,
  ): Promise<{ readonly shard: RekorShard; readonly sequenced: Sequenced<string> }> {
    const shard = this.#active;
    try {
      return { shard, sequenced: await shard.submit(submission) };
    } catch (error) {
      const isFrozen = error instanceof LogError && error.code === 'FROZEN';
      if (!isFrozen || !(await this.#awaitRotation(shard.treeId))) throw error;
      const next = this.#active;
      return { shard: next, sequenced: await next.submit(submission) };
    }
  }

  /** The entry under the newest head, undefined past the end. */
  async byIndex(index: bigint): Promise<LogEntryJson | undefined> {
    const [entry] = await this.retrieve({ entryIds: [], leafHashes: [], indexes: [index] });
    return entry;
  }

  /** The entry with this ID: in its tree, or without a tree in the active one, then the oldest. */
  async byId(id: RekorEntryId): Promise<LogEntryJson | undefined> {
    const inactive = this.#shards.slice(0, -1);
    const wanted = [this.#active, ...inactive].filter(
      ({ treeId }) => id.treeId === undefined || id.treeId === treeId,
    );
    for (const shard of wanted) {
      const isNamed = id.treeId !== undefined;
      const found = await this.#unlessShut(shard, isNamed, () => readShard(shard, [id.leafHash], []));
      const entry = found?.byHash.get(encodeHex(id.leafHash));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** What there is of the things asked for: full IDs first, then leaf hashes in every shard, then indexes. One read per shard. */
  async retrieve(query: RetrieveQuery): Promise<LogEntryJson[]> {
    const reads = await Promise.all(
      this.#shards.map(async (shard) => {
        const own = query.entryIds.filter(({ treeId }) => treeId === shard.treeId);
        const hashes = [...own.map(({ leafHash }) => leafHash), ...query.leafHashes];
        const indexes = query.indexes.filter((index) => this.#isIn(shard, index));
        const isNamed = own.length + indexes.length > 0;
        const read = await this.#unlessShut(shard, isNamed, () => readShard(shard, hashes, indexes));
        return { shard, ...(read ?? NOTHING_READ) };
      }),
    );
    return [
      ...query.entryIds.flatMap(({ treeId, leafHash }) =>
        reads
          .filter(({ shard }) => shard.treeId === treeId)
          .map(({ byHash }) => byHash.get(encodeHex(leafHash))),
      ),
      ...query.leafHashes.flatMap((leafHash) => reads.map(({ byHash }) => byHash.get(encodeHex(leafHash)))),
      ...query.indexes.flatMap((index) => reads.map(({ byIndex }) => byIndex.get(index))),
    ].filter((entry) => entry !== undefined);
  }

  /**
   * Entry IDs, newest first.
   *
   * @throws HttpProblem 400 when there are more than an answer holds, and no page of them was asked for
   */
  async search(query: SearchQuery): Promise<string[]> {
    if (query.criteria.length === 0) return [];
    const { criteria, operator, before, page } = query;
    const found: string[] = [];
    // One more than is given tells whether there are more.
    const wanted = page ? query.limit : query.limit + 1;
    for (const shard of this.#shards.toReversed()) {
      if (found.length >= wanted) break;
      const head = await this.#unlessShut(shard, false, () => shard.head());
      if (head === undefined) continue;
      const last = before === undefined ? head.size : before - shard.firstIndex;
      found.push(...(await shard.search({ criteria, operator, limit: wanted - found.length }, last, head)));
    }
    if (found.length > query.limit) {
      throw new HttpProblem(
        400,
        `more than ${query.limit} entries match: narrow the search, or ask for pages with limit and before`,
        { type: 'too-many-entries' },
      );
    }
    return found;
  }

  async info(): Promise<LogInfoJson> {
    const [active, ...inactive] = await Promise.all(
      [this.#active, ...this.#shards.slice(0, -1)].map((shard) =>
        this.#unlessShut(shard, false, () => shard.info()),
      ),
    );
    const shown = inactive.filter((shard) => shard !== undefined);
    return { ...(active as ShardInfoJson), inactiveShards: shown.length === 0 ? null : shown };
  }

  /**
   * What a read gives, or nothing when the shard is an old one that signs nothing any more (its database lost entries) and
   * was not asked for by its tree or an index: what made a new shard necessary must not shut the new one too.
   */
  async #unlessShut<T>(shard: RekorShard, isNamed: boolean, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const isShut = error instanceof LogError && error.code === 'REFUSED';
      if (isShut && !isNamed && shard !== this.#active) return undefined;
      throw error;
    }
  }

  #isIn({ firstIndex, length }: RekorShard, index: bigint): boolean {
    return index >= firstIndex && (length === undefined || index < firstIndex + length);
  }
}

interface ShardRead {
  readonly byHash: ReadonlyMap<string, LogEntryJson>;
  /** Over all shards. */
  readonly byIndex: ReadonlyMap<bigint, LogEntryJson>;
}

const NOTHING_READ: ShardRead = { byHash: new Map(), byIndex: new Map() };

/** @param indexes over all shards */
async function readShard(
  shard: RekorShard,
  leafHashes: readonly Uint8Array[],
  indexes: readonly bigint[],
): Promise<ShardRead> {
  if (leafHashes.length === 0 && indexes.length === 0) return NOTHING_READ;
  const head = await shard.head();
  const found = await shard.find(leafHashes, head);
  const places = indexes.map((index) => index - shard.firstIndex).filter((index) => index < head.size);
  const entries = await shard.read([...new Set([...found.values(), ...places])], head);
  const byHash = new Map<string, LogEntryJson>();
  for (const [hash, index] of found) byHash.set(hash, entries.get(index) as LogEntryJson);
  const byIndex = new Map<bigint, LogEntryJson>();
  for (const index of places) byIndex.set(index + shard.firstIndex, entries.get(index) as LogEntryJson);
  return { byHash, byIndex };
}

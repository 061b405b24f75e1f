import { encodeHex } from '@sigstead/encoding';
import { inclusionProof } from '@sigstead/merkle';
import { PostgresError, runTransaction, withTransaction, type Connection } from '@sigstead/postgres';
import { isSameHead, type TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { readEntriesAt, readNodeHashes, type StoredEntry } from '../storage/entry-rows.ts';
import {
  appendBatch,
  findIdentities,
  lockLogRow,
  readTreeHead,
  type BatchRows,
} from '../storage/log-rows.ts';
import type { Database } from './database.ts';
import type { Integrity } from './integrity.ts';
import type { NodeReader } from './node-reader.ts';
import { planBatch, type BatchPlan, type Timestamps } from './plan-batch.ts';
import type { LockedBase, Publication } from './publication.ts';
import { assertStorable, type Sequenced, type Submission } from './submission.ts';
import { SubmissionQueue } from './submission-queue.ts';

export interface SequencerOptions<Seal> {
  readonly logId: number;
  readonly database: Database;
  readonly publication: Publication;
  readonly integrity: Integrity;
  readonly nodes: NodeReader;
  readonly clock: () => Date;
  readonly timestamps: Timestamps;
  /** Signs a committed head, once per batch. */
  readonly seal: (head: TreeHead) => Promise<Seal>;
  readonly observer: SequencerObserver;
  /** Waiting submissions at most, 4096 unless told. */
  readonly maxPending?: number;
  /** Bytes of their entries at most, 64 MiB unless told; one entry is taken whatever its size. */
  readonly maxPendingBytes?: number;
}

/** Told what happens; for metrics and the service's log. */
export interface SequencerObserver {
  queued(depth: number): void;
  committed(entries: number, duplicates: number): void;
  /** From taking the first entry of the batch off the queue until its answer may go out. */
  published(seconds: number): void;
  batchFailed(error: unknown): void;
  outcomeUnknown(error: unknown): void;
}

interface Pending<Seal> {
  readonly submission: Submission;
  readonly bytes: number;
  /** How often its COMMIT was lost without the entry being stored. */
  lost: number;
  readonly resolve: (sequenced: Sequenced<Seal>) => void;
  readonly reject: (error: LogError) => void;
}

/** Where a submission ended up, under a head that is committed and not yet published. */
interface Placed {
  readonly index: bigint;
  readonly timestampMs: bigint;
  readonly duplicate: boolean;
  readonly entry: Uint8Array;
  readonly inclusionProof: readonly Uint8Array[];
}

interface CommittedBatch {
  readonly head: TreeHead;
  readonly base: LockedBase;
  /** One per submission of the batch; undefined: not stored, to be submitted again. */
  readonly placed: readonly (Placed | undefined)[];
}

const MAX_LOST = 3;
const MAX_BATCH = { entries: 256, bytes: 8 * 1024 * 1024 };

/**
 * Puts submissions into one log, a batch per transaction. The lock on the log's row is the only order there is: any number of
 * sequencers, in any number of processes, may work on the same log.
 *
 * A batch starts at once when none runs; what arrives meanwhile forms the next. While a batch is being published the next one
 * may already be in its transaction, but answers leave in the order of the commits.
 */
export class Sequencer<Seal> {
  readonly #options: SequencerOptions<Seal>;
  readonly #queue: SubmissionQueue<Pending<Seal>>;
  #running: Promise<void> | undefined;
  #closing = false;

  constructor(options: SequencerOptions<Seal>) {
    this.#options = options;
    this.#queue = new SubmissionQueue({
      entries: options.maxPending ?? 4096,
      bytes: options.maxPendingBytes ?? 64 * 1024 * 1024,
    });
  }

  /**
   * Resolves when the entry is durable and its head published.
   *
   * @throws LogError OVERLOADED, CLOSING, FROZEN: nothing was stored; REFUSED, UNAVAILABLE: it may be stored, submitting it again is safe
   */
  async submit(submission: Submission): Promise<Sequenced<Seal>> {
    this.#options.integrity.assertSound();
    const bytes = assertStorable(submission);
    if (this.#closing) throw new LogError('CLOSING', 'the log is shutting down');
    this.#queue.assertRoom(bytes);
    return new Promise((resolve, reject) => {
      this.#queue.push({ submission, bytes, lost: 0, resolve, reject });
      this.#options.observer.queued(this.#queue.length);
      this.#running ??= this.#run();
    });
  }

  /** Takes nothing more and waits until everything taken is answered. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Requests that arrived in the same turn of the event loop share the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    let publishing: Promise<void> = Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.take(MAX_BATCH);
      this.#options.observer.queued(this.#queue.length);
      const started = performance.now();
      const committed = await this.#commit(batch).catch((error: unknown) => this.#fail(batch, error));
      // One batch in its transaction and one being published, never more.
      await publishing;
      if (committed !== undefined) publishing = this.#publish(batch, committed, started);
      if (this.#queue.length === 0) await publishing;
    }
    this.#running = undefined;
  }

  /** Commits a batch, and finds out what became of it when the database does not say. */
  async #commit(batch: readonly Pending<Seal>[]): Promise<CommittedBatch> {
    this.#options.integrity.assertSound();
    let plan: BatchPlan | undefined;
    try {
      const written = await this.#write(batch, (made) => (plan = made));
      if (written.plan !== undefined) await this.#assertReadBack(written.plan.rows.head);
      this.#options.observer.committed(
        written.plan?.entries.length ?? 0,
        batch.length - (written.plan?.entries.length ?? 0),
      );
      return { head: written.head, base: written.base, placed: await this.#place(batch, written) };
    } catch (error) {
      if (!(error instanceof PostgresError && error.code === 'COMMIT_UNKNOWN')) throw error;
      this.#options.observer.outcomeUnknown(error);
      return await this.#recover(batch, plan?.rows);
    }
  }

  /**
   * The transaction. A crash or an error anywhere before COMMIT leaves nothing; the server drops the row lock with the session.
   * Nothing is signed in here: a signature over a head that is rolled back would be the beginning of a fork.
   */
  async #write(batch: readonly Pending<Seal>[], planned: (plan: BatchPlan) => void): Promise<Written> {
    const { logId, database, publication, clock, timestamps } = this.#options;
    return withTransaction(database.pool, async (connection) => {
      const row = await lockLogRow(connection, logId);
      if (row.state !== 'active')
        throw new LogError('FROZEN', 'the log is frozen and takes no entries any more');
      const identities = distinct(batch);
      const wanted = [...identities.values()].map(({ identity }) => identity);
      // The anchor is read only now, under the lock: what was read before could be older than the row.
      const [present, anchored] = await bothSettled(
        findIdentities(connection, logId, wanted),
        publication.assertAnchored(connection, row),
      );
      const base = { anchored, row };
      const submissions = [...identities]
        .filter(([key]) => !present.has(key))
        .map(([, submission]) => submission);
      if (submissions.length === 0) return { head: row, base, present, plan: undefined };
      const plan = await planBatch({
        row,
        submissions,
        nowMs: BigInt(clock().getTime()),
        timestamps,
        stored: (level, from, to) => readNodeHashes(connection, logId, level, from, to),
      });
      planned(plan);
      await appendBatch(connection, logId, plan.rows);
      return { head: plan.rows.head, base, present, plan };
    });
  }

  /** What gets signed is what the database says is there, not what we think we wrote. */
  async #assertReadBack(head: TreeHead): Promise<void> {
    const { database, logId, integrity } = this.#options;
    let root: Uint8Array | undefined;
    try {
      root = await readTreeHead(database.pool, logId, head.size);
    } catch (cause) {
      throw new PostgresError('COMMIT_UNKNOWN', 'the tree head could not be read back after COMMIT', {
        cause,
      });
    }
    if (root === undefined || !isSameHead(head, { size: head.size, root })) {
      throw integrity.refuse(
        `the tree head of size ${head.size} read back after COMMIT is not the one that was written`,
      );
    }
  }

  async #place(batch: readonly Pending<Seal>[], written: Written): Promise<Placed[]> {
    const { head, present, plan } = written;
    const fresh = new Map(plan?.entries.map((entry) => [encodeHex(entry.submission.identity), entry]));
    const stored = await this.#readPresent(present);
    return Promise.all(
      batch.map(async ({ submission }) => {
        const key = encodeHex(submission.identity);
        const entry = fresh.get(key);
        if (entry === undefined || plan === undefined) return this.#placeStored(stored.get(key), head, true);
        return {
          index: entry.index,
          timestampMs: entry.timestampMs,
          // The same entry twice in one batch: the first is new, the second finds it.
          duplicate: entry.submission !== submission,
          entry: entry.entry,
          inclusionProof: plan.nodes.inclusionProof(entry.index, head.size),
        };
      }),
    );
  }

  /**
   * COMMIT was sent, its answer was lost. Plan, proofs and times of the lost transaction are worth nothing now. The row lock, taken
   * on a new connection, waits until the old session is gone one way or the other; after that what is stored is what counts.
   */
  async #recover(batch: readonly Pending<Seal>[], planned: BatchRows | undefined): Promise<CommittedBatch> {
    const { database, logId, publication } = this.#options;
    const client = await database.connect();
    try {
      const found = await runTransaction(client, async (connection) => {
        const row = await lockLogRow(connection, logId);
        const anchored = await publication.assertAnchored(connection, row);
        const identities = [...distinct(batch).values()].map(({ identity }) => identity);
        const present = await findIdentities(connection, logId, identities);
        const ours = await committedRange(connection, logId, planned);
        return { head: row, base: { anchored, row }, present, ours };
      });
      return { head: found.head, base: found.base, placed: await this.#placeRecovered(batch, found) };
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #placeRecovered(batch: readonly Pending<Seal>[], found: Recovered): Promise<(Placed | undefined)[]> {
    const stored = await this.#readPresent(found.present);
    const seen = new Set<string>();
    return Promise.all(
      batch.map(async ({ submission }) => {
        const key = encodeHex(submission.identity);
        const index = found.present.get(key);
        if (index === undefined) return undefined;
        // New is what our own transaction added; everything else was there before, or came with another one meanwhile.
        const isNew = index >= found.ours.from && index < found.ours.to && !seen.has(key);
        seen.add(key);
        return this.#placeStored(stored.get(key), found.head, !isNew);
      }),
    );
  }

  async #readPresent(present: ReadonlyMap<string, bigint>): Promise<Map<string, StoredEntry>> {
    const { database, logId } = this.#options;
    const stored = await readEntriesAt(database.pool, logId, [...new Set(present.values())]);
    const byIndex = new Map(stored.map((entry) => [entry.index, entry]));
    const entries = new Map<string, StoredEntry>();
    for (const [key, index] of present) {
      const entry = byIndex.get(index);
      if (entry !== undefined) entries.set(key, entry);
    }
    return entries;
  }

  async #placeStored(stored: StoredEntry | undefined, head: TreeHead, duplicate: boolean): Promise<Placed> {
    if (stored === undefined)
      throw new LogError('STORAGE', 'an identity points to an entry that is not stored');
    const proof = await inclusionProof(stored.index, head.size, this.#options.nodes.nodesOf(head.size));
    return {
      index: stored.index,
      timestampMs: stored.timestampMs,
      duplicate,
      entry: stored.entry,
      inclusionProof: proof,
    };
  }

  /** Signs the head, moves the anchor over it, answers. Never rejects. */
  async #publish(batch: readonly Pending<Seal>[], committed: CommittedBatch, started: number): Promise<void> {
    try {
      const seal = await this.#seal(committed.head);
      await this.#options.publication.advance(committed.head, committed.base);
      this.#options.observer.published((performance.now() - started) / 1000);
      this.#submitAgain(batch.filter((_, i) => committed.placed[i] === undefined));
      batch.forEach((pending, i) => {
        const placed = committed.placed[i];
        if (placed !== undefined) pending.resolve({ ...placed, head: committed.head, seal });
      });
    } catch (error) {
      this.#fail(batch, error);
    }
  }

  /** Whoever signs may learn that the database is behind what was published: from a witness that has seen more. */
  async #seal(head: TreeHead): Promise<Seal> {
    const { seal, integrity } = this.#options;
    try {
      return await seal(head);
    } catch (error) {
      if (error instanceof LogError && error.code === 'REFUSED') throw integrity.refuse(error.message, error);
      throw error;
    }
  }

  #submitAgain(lost: readonly Pending<Seal>[]): void {
    for (const pending of lost) pending.lost += 1;
    this.#queue.putBack(lost.filter((pending) => pending.lost < MAX_LOST));
    for (const pending of lost.filter((each) => each.lost >= MAX_LOST)) {
      pending.reject(new LogError('UNAVAILABLE', 'the entry could not be stored now; submit it again'));
    }
  }

  /** Only this batch fails: what comes next begins from the database, not from anything remembered here. */
  #fail(batch: readonly Pending<Seal>[], error: unknown): undefined {
    this.#options.observer.batchFailed(error);
    const answer =
      error instanceof LogError && error.code !== 'STORAGE'
        ? error
        : new LogError('UNAVAILABLE', 'the entry could not be stored now; submit it again', { cause: error });
    for (const { reject } of batch) reject(answer);
  }
}

interface Written {
  readonly head: TreeHead;
  readonly base: LockedBase;
  /** Identities that were there before, by hex. */
  readonly present: ReadonlyMap<string, bigint>;
  /** Undefined when nothing was new. */
  readonly plan: BatchPlan | undefined;
}

interface Recovered {
  readonly head: TreeHead;
  readonly base: LockedBase;
  readonly present: ReadonlyMap<string, bigint>;
  /** Indexes that the lost transaction added, none when it was rolled back. */
  readonly ours: IndexRange;
}

interface IndexRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** The head that was planned exists only if that plan, or one of the very same entries at the same places, was committed. */
async function committedRange(
  connection: Connection,
  logId: number,
  planned: BatchRows | undefined,
): Promise<IndexRange> {
  if (planned === undefined) return { from: 0n, to: 0n };
  const root = await readTreeHead(connection, logId, planned.head.size);
  const isCommitted = root !== undefined && isSameHead(planned.head, { size: planned.head.size, root });
  return isCommitted ? { from: planned.firstIndex, to: planned.head.size } : { from: 0n, to: 0n };
}

/** Unlike Promise.all it leaves nothing behind that still uses the connection when the transaction has ended. */
async function bothSettled<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

function distinct(batch: readonly { readonly submission: Submission }[]): Map<string, Submission> {
  const submissions = new Map<string, Submission>();
  for (const { submission } of batch) {
    const key = encodeHex(submission.identity);
    if (!submissions.has(key)) submissions.set(key, submission);
  }
  return submissions;
}

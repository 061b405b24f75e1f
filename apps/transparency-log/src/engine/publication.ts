import { encodeHex } from '@sigstead/encoding';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { runTransaction, type Connection } from '@sigstead/postgres';
import { isSameHead, type Anchor, type AnchoredHead, type TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { lockLogRow, readTreeHead, type LogRow } from '../storage/log-rows.ts';
import type { Database } from './database.ts';
import type { Integrity } from './integrity.ts';
import { SharedRead } from './shared-read.ts';

/** Another replica that commits and swaps all the time can win a few rounds, not this many. */
const MAX_SWAPS = 32;

/**
 * The newest head that may be shown: the one in the anchor. Nothing beyond it is signed or released, by any replica, on any path;
 * so whatever a client holds, the anchor remembers a head that covers it.
 */
export class Publication {
  readonly #logId: number;
  readonly #database: Database;
  readonly #anchor: Anchor;
  readonly #integrity: Integrity;
  /** The anchored head that the database was last seen to contain. */
  #verified: AnchoredHead | undefined;
  readonly #head = new SharedRead(() => this.#readHead());

  constructor(logId: number, database: Database, anchor: Anchor, integrity: Integrity) {
    this.#logId = logId;
    this.#database = database;
    this.#anchor = anchor;
    this.#integrity = integrity;
  }

  /**
   * The published head, contained in the database. Takes no lock.
   *
   * @throws LogError REFUSED on a contradiction, UNAVAILABLE when anchor or database cannot be asked
   */
  head(): Promise<TreeHead> {
    return this.#head.get();
  }

  async #readHead(): Promise<TreeHead> {
    this.#integrity.assertSound();
    const anchored = await this.#readAnchor();
    if (anchored === undefined) throw this.#integrity.refuse('its anchor has vanished');
    if (this.#verified?.version !== anchored.version || !isSameHead(this.#verified, anchored)) {
      await this.#assertContained(this.#database.pool, anchored);
      this.#verified = anchored;
    }
    return anchored;
  }

  /**
   * Compares the anchor with the locked row, before anything is written after it.
   *
   * @param row read in this transaction, FOR UPDATE
   * @throws LogError REFUSED
   */
  async assertAnchored(connection: Connection, row: LogRow): Promise<AnchoredHead> {
    const anchored = (await this.#readAnchor()) ?? (await this.#createAnchor(row));
    if (anchored.size > row.size) {
      throw this.#integrity.refuse(
        `the database is behind the anchor: it has ${row.size} entries, ${anchored.size} were published`,
      );
    }
    if (anchored.size === row.size && !isSameHead(anchored, row)) {
      throw this.#integrity.refuse(describeFork(row.size, row.root, anchored.root));
    }
    if (anchored.size < row.size) await this.#assertContained(connection, anchored);
    return anchored;
  }

  /**
   * Moves the anchor to a committed head, or finds it there or beyond. When this returns, the head may be released.
   *
   * A crash before the swap leaves the database ahead of the anchor: nobody was told, and the next batch, or the next start, moves
   * the anchor over it. A crash after it leaves clients without an answer to entries that are in the log: submitting again finds them.
   *
   * @throws LogError REFUSED when the database does not contain what the anchor has, UNAVAILABLE
   */
  async advance(head: TreeHead): Promise<void> {
    this.#integrity.assertSound();
    let anchored = await this.#readAnchor();
    for (let swaps = 0; swaps < MAX_SWAPS; swaps++) {
      if (anchored === undefined) throw this.#integrity.refuse('its anchor has vanished');
      if (anchored.size >= head.size) return this.#assertOvertaken(anchored, head);
      if (await this.#trusting(this.#anchor.compareAndSwap(anchored.version, head))) return;
      // Lost, or not surely won: before anything is tried again, the primary itself must confirm both heads.
      anchored = await this.#confirmOnPrimary(head);
    }
    throw new LogError('UNAVAILABLE', `the anchor was swapped by others ${MAX_SWAPS} times in a row`);
  }

  /** The anchor is past our head: then both must be heads of one history. */
  async #assertOvertaken(anchored: AnchoredHead, head: TreeHead): Promise<void> {
    if (anchored.size === head.size) {
      if (!isSameHead(anchored, head)) {
        throw this.#integrity.refuse(describeFork(head.size, head.root, anchored.root));
      }
      return;
    }
    await this.#confirmOnPrimary(head);
  }

  /**
   * On a fresh connection and under the row lock: a pooled connection may lead to a server that is primary no more, and without the
   * lock a paused one could answer from the past.
   */
  async #confirmOnPrimary(head: TreeHead): Promise<AnchoredHead> {
    const client = await this.#database.connect();
    try {
      return await runTransaction(client, async (connection) => {
        const row = await lockLogRow(connection, this.#logId);
        const anchored = await this.assertAnchored(connection, row);
        await this.#assertContained(connection, head);
        return anchored;
      });
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #assertContained(connection: Connection, head: TreeHead): Promise<void> {
    const root = head.size === 0n ? EMPTY_ROOT : await readTreeHead(connection, this.#logId, head.size);
    if (root === undefined) {
      throw this.#integrity.refuse(`the database has no tree head of size ${head.size}, which was published`);
    }
    if (Buffer.compare(root, head.root) !== 0)
      throw this.#integrity.refuse(describeFork(head.size, root, head.root));
  }

  #readAnchor(): Promise<AnchoredHead | undefined> {
    return this.#trusting(this.#anchor.read());
  }

  /** An anchor that holds what we did not write is as bad as one that contradicts. */
  async #trusting<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof LogError && error.code === 'ANCHOR')
        throw this.#integrity.refuse(error.message, error);
      throw error;
    }
  }

  /**
   * The first anchor is made before the first entry, under the row lock: a crash after it leaves an anchor of size 0 and an empty
   * log. Made later, a crash in between would look like a lost anchor.
   */
  async #createAnchor(row: LogRow): Promise<AnchoredHead> {
    if (row.size > 0n) {
      throw this.#integrity.refuse(`its anchor is missing, while the database has ${row.size} entries`);
    }
    await this.#trusting(this.#anchor.compareAndSwap(undefined, { size: 0n, root: EMPTY_ROOT }));
    const anchored = await this.#readAnchor();
    if (anchored === undefined) throw new LogError('UNAVAILABLE', 'the anchor did not keep its first value');
    return anchored;
  }
}

function describeFork(size: bigint, stored: Uint8Array, anchored: Uint8Array): string {
  return `database and anchor differ at size ${size}: root ${encodeHex(stored)} is stored, ${encodeHex(anchored)} was published`;
}

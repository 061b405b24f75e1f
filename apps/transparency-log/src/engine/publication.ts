import { encodeHex } from '@sigstead/encoding';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { runTransaction, type Connection } from '@sigstead/postgres';
import { isSameHead, type Anchor, type AnchoredHead, type TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { lockLogRow, readTreeHead, type LogRow } from '../storage/log-rows.ts';
import type { Database } from './database.ts';
import type { Integrity } from './integrity.ts';
import { available } from './log-reader.ts';
import { SharedRead } from './shared-read.ts';

/** What a transaction saw under the row lock: the anchor, and the row it then built on. Both are part of what it committed. */
export interface LockedBase {
  readonly anchored: AnchoredHead;
  readonly row: TreeHead;
}

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
  /** The anchored head that the database was last seen to contain, over the connections there were then. */
  #verified: { readonly anchored: AnchoredHead; readonly connectionsMade: number } | undefined;
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

  /**
   * The same, with the database asked again though the head was seen in it before: what readiness is about.
   *
   * @throws LogError REFUSED, UNAVAILABLE
   */
  async check(): Promise<TreeHead> {
    this.#verified = undefined;
    return this.head();
  }

  async #readHead(): Promise<TreeHead> {
    this.#integrity.assertSound();
    const anchored = await this.#readAnchor();
    if (anchored === undefined) throw this.#integrity.refuse('its anchor has vanished');
    if (!this.#isVerified(anchored)) {
      await available(this.#assertContained(this.#database.pool, anchored));
      this.#verified = { anchored, connectionsMade: this.#database.connectionsMade };
    }
    return anchored;
  }

  #isVerified(head: AnchoredHead): boolean {
    if (this.#verified?.connectionsMade !== this.#database.connectionsMade) return false;
    const { anchored } = this.#verified;
    return anchored.version === head.version && isSameHead(anchored, head);
  }

  /**
   * Compares the anchor with the locked row, before anything is written after it.
   *
   * @param row read in this transaction, FOR UPDATE
   * @throws LogError REFUSED
   */
  async assertAnchored(connection: Connection, row: LogRow): Promise<AnchoredHead> {
    const anchored = (await this.#readAnchor()) ?? (await this.#createAnchor(connection, row));
    if (anchored.size > row.size) {
      await this.#assertStillLocked(connection);
      throw this.#integrity.refuse(
        `the database is behind the anchor: it has ${row.size} entries, ${anchored.size} were published`,
      );
    }
    if (anchored.size === row.size && !isSameHead(anchored, row)) {
      await this.#assertStillLocked(connection);
      throw this.#integrity.refuse(describeFork(row.size, row.root, anchored.root));
    }
    if (anchored.size < row.size) await this.#assertContained(connection, anchored);
    return anchored;
  }

  /**
   * A process that was stopped between the lock and the anchor has lost the lock, and others went on: the row it remembers is then
   * older than the anchor, which is no contradiction. The lock cannot have been lost and found again within one session.
   */
  async #assertStillLocked(connection: Connection): Promise<void> {
    await lockLogRow(connection, this.#logId);
  }

  /**
   * Moves the anchor to a committed head, or finds it there or beyond. When this returns, the head may be released.
   *
   * A crash before the swap leaves the database ahead of the anchor: nobody was told, and the next batch, or the next start, moves
   * the anchor over it. A crash after it leaves clients without an answer to entries that are in the log: submitting again finds them.
   *
   * Only a head that is known to be part of the same history is replaced. What the transaction saw may be history by now: after a
   * failover without fencing another replica can have published something else, on another server, in between.
   *
   * @param base of the transaction that committed the head
   * @throws LogError REFUSED when the database does not contain what the anchor has, UNAVAILABLE
   */
  async advance(head: TreeHead, base: LockedBase): Promise<void> {
    this.#integrity.assertSound();
    let anchored = await this.#readAnchor();
    let isContained = anchored !== undefined && isPartOf(base, anchored);
    for (let swaps = 0; swaps < MAX_SWAPS; swaps++) {
      if (anchored === undefined) throw this.#integrity.refuse('its anchor has vanished');
      if (anchored.size >= head.size) return this.#assertOvertaken(anchored, head);
      if (isContained && (await this.#trusting(this.#anchor.compareAndSwap(anchored.version, head)))) return;
      // Lost, or not surely won, or moved by others: first the primary itself must confirm both heads.
      anchored = await this.#confirmOnPrimary(head);
      isContained = true;
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
  async #createAnchor(connection: Connection, row: LogRow): Promise<AnchoredHead> {
    await this.#assertStillLocked(connection);
    if (row.size > 0n) {
      throw this.#integrity.refuse(`its anchor is missing, while the database has ${row.size} entries`);
    }
    await this.#trusting(this.#anchor.compareAndSwap(undefined, { size: 0n, root: EMPTY_ROOT }));
    const anchored = await this.#readAnchor();
    if (anchored === undefined) throw new LogError('UNAVAILABLE', 'the anchor did not keep its first value');
    return anchored;
  }
}

function isPartOf({ anchored, row }: LockedBase, head: AnchoredHead): boolean {
  return isSameHead(row, head) || (head.version === anchored.version && isSameHead(anchored, head));
}

function describeFork(size: bigint, stored: Uint8Array, anchored: Uint8Array): string {
  return `database and anchor differ at size ${size}: root ${encodeHex(stored)} is stored, ${encodeHex(anchored)} was published`;
}

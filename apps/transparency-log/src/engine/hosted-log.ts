import type { Signer } from '@sigstead/crypto';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { withTransaction } from '@sigstead/postgres';
import type { Anchor, TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { readNodeHashes, readTile } from '../storage/entry-rows.ts';
import {
  createLogRow,
  lockLogRow,
  readLogState,
  type LogIdentity,
  type LogSummary,
} from '../storage/log-rows.ts';
import type { Database } from './database.ts';
import { Integrity } from './integrity.ts';
import { available, LogReader } from './log-reader.ts';
import { NodeReader } from './node-reader.ts';
import type { Timestamps } from './plan-batch.ts';
import { Publication } from './publication.ts';
import { Sequencer, type SequencerObserver } from './sequencer.ts';

/** One log as this process serves it. */
export interface HostedLog<Seal> extends CommittedLog {
  readonly identity: LogIdentity;
  readonly signer: Signer;
  readonly sequencer: Sequencer<Seal>;
  readonly publication: Publication;
  /** @throws LogError UNAVAILABLE */
  state(): Promise<LogSummary['state']>;
}

/** What the process itself needs of a log, whatever its kind signs. */
export interface RunningLog {
  readonly identity: LogIdentity;
  readonly publication: Publication;
  readonly sequencer: { close(): Promise<void> };
  state(): Promise<LogSummary['state']>;
}

export interface HostLogOptions<Seal> {
  readonly identity: Omit<LogIdentity, 'keyId'>;
  readonly signer: Signer;
  readonly database: Database;
  readonly anchor: Anchor;
  readonly clock: () => Date;
  readonly timestamps: Timestamps;
  /** Signs a committed head, once per batch; the log's other committed heads can be read meanwhile. REFUSED from it shuts the log. */
  readonly seal: (head: TreeHead, log: CommittedLog) => Promise<Seal>;
  readonly observer: LogObserver;
  readonly maxPending?: number;
  readonly maxPendingBytes?: number;
}

/** What signing a head may need to know of the log. */
export interface CommittedLog {
  readonly logId: number;
  readonly reader: LogReader;
}

export interface LogObserver extends SequencerObserver {
  refused(reason: string): void;
}

/**
 * Opens a log, making its row and its anchor when it is new. A log whose database and anchor contradict each other is opened shut:
 * it answers with the reason and signs nothing.
 *
 * @throws LogError CONFIGURATION when it exists with another origin or key; UNAVAILABLE
 */
export async function hostLog<Seal>(options: HostLogOptions<Seal>): Promise<HostedLog<Seal>> {
  const { database, anchor, signer } = options;
  const identity: LogIdentity = { ...options.identity, keyId: signer.publicKey.keyId };
  const logId = await available(createLogRow(database.pool, identity, { size: 0n, root: EMPTY_ROOT }));
  const integrity = new Integrity(identity.name, (reason) => options.observer.refused(reason));
  const publication = new Publication(logId, database, anchor, integrity);
  await publishCommitted(database, publication, logId);
  const nodes = new NodeReader({
    tile: (level, n) => readTile(database.pool, logId, level, n),
    nodes: (level, from, to) => readNodeHashes(database.pool, logId, level, from, to),
  });
  const reader = new LogReader(logId, database.pool, nodes);
  const sequencer = new Sequencer({
    ...options,
    logId,
    integrity,
    publication,
    nodes,
    seal: (head) => options.seal(head, { logId, reader }),
  });
  return {
    logId,
    identity,
    signer,
    sequencer,
    publication,
    reader,
    state: () => available(readLogState(database.pool, logId)),
  };
}

/**
 * Moves the anchor over what a crashed process committed and did not publish: nobody was told of it, and everybody may be now.
 * Makes the anchor of a new log.
 */
async function publishCommitted(database: Database, publication: Publication, logId: number): Promise<void> {
  try {
    const base = await withTransaction(database.pool, async (connection) => {
      const row = await lockLogRow(connection, logId);
      return { row, anchored: await publication.assertAnchored(connection, row) };
    });
    await publication.advance({ size: base.row.size, root: base.row.root }, base);
  } catch (error) {
    if (error instanceof LogError && error.code === 'REFUSED') return;
    if (error instanceof LogError) throw error;
    throw new LogError('UNAVAILABLE', 'the log cannot be opened now', { cause: error });
  }
}

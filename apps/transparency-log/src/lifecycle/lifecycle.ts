import type { PublicKey } from '@sigstead/crypto';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { connect, runTransaction } from '@sigstead/postgres';
import type { Client } from 'pg';
import type { Anchor } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { recordFreeze } from '../storage/freeze-rows.ts';
import { findLogOfKey } from '../storage/key-rows.ts';
import {
  createLogRow,
  freezeLogRow,
  listLogRows,
  type LogIdentity,
  type LogSummary,
} from '../storage/log-rows.ts';

export interface LifecycleContext {
  /** Connects as the owner of the tables: the service's own role may not change the state of a log. */
  readonly ownerUrl: string;
  readonly logsFile: string;
  /** The anchor of a log by its name. */
  readonly anchorOf: (name: string) => Promise<Anchor>;
  readonly clock: () => Date;
}

/** What ending a log and opening the one that follows it came to. */
export interface Succession {
  readonly frozen: string;
  /** Final size of the frozen log. */
  readonly size: bigint;
  readonly active: string;
}

/** All logs of the database. */
export function listLogs({ ownerUrl }: Pick<LifecycleContext, 'ownerUrl'>): Promise<LogSummary[]> {
  return withOwner(ownerUrl, (client) => listLogRows(client));
}

/**
 * Ends a log: replicas refuse entries from their next batch on, without a restart, and go on to serve what is in it. For good: there is
 * no command back.
 *
 * @returns final size
 * @throws LogError CONFIGURATION when there is no such log
 */
export function freezeLog(
  { ownerUrl, clock }: Pick<LifecycleContext, 'ownerUrl' | 'clock'>,
  name: string,
): Promise<bigint> {
  return withOwner(ownerUrl, (client) =>
    runTransaction(client, async (connection) => {
      const size = await freezeLogRow(connection, name);
      await recordFreeze(connection, name, BigInt(clock().getTime()));
      return size;
    }),
  );
}

/** Makes the row of a log, or finds the one that an earlier try left. */
export async function makeLogRow(
  { ownerUrl }: Pick<LifecycleContext, 'ownerUrl'>,
  log: Omit<LogIdentity, 'keyId'>,
  { keyId }: PublicKey,
): Promise<void> {
  await withOwner(ownerUrl, (client) =>
    createLogRow(client, { ...log, keyId }, { size: 0n, root: EMPTY_ROOT }),
  );
}

/**
 * As {@link makeLogRow}, for kinds whose clients tell one log from another by the key alone.
 *
 * @throws LogError CONFIGURATION when another log has the key
 */
export async function makeLogRowOfOwnKey(
  context: Pick<LifecycleContext, 'ownerUrl'>,
  log: Omit<LogIdentity, 'keyId'>,
  key: PublicKey,
): Promise<void> {
  const { keyId } = key;
  const other = await withOwner(context.ownerUrl, (client) => findLogOfKey(client, { ...log, keyId }));
  if (other !== undefined) {
    throw new LogError(
      'CONFIGURATION',
      `log ${other} has this key already: every ${log.kind} log needs one of its own`,
    );
  }
  await makeLogRow(context, log, key);
}

async function withOwner<T>(ownerUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect({ url: ownerUrl, applicationName: 'sigstead-logs' });
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

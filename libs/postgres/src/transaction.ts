import type { Client, Pool, PoolClient } from 'pg';
import { PostgresError, sqlStateOf } from './errors.ts';

/** What a transaction's statements are sent through. */
export type Connection = Pick<PoolClient, 'query'>;

/**
 * Runs `work` between BEGIN and COMMIT (READ COMMITTED) and gives its result once COMMIT was acknowledged.
 *
 * @throws PostgresError UNREACHABLE no connection, nothing was sent;
 *   COMMIT_UNKNOWN COMMIT was sent and not acknowledged: the transaction may or may not be durable, only reading tells;
 *   ROLLED_BACK the server answered COMMIT with a rollback, nothing was stored;
 *   whatever `work` throws: then COMMIT was never sent and nothing is stored
 */
export async function withTransaction<T>(
  pool: Pool,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new PostgresError('UNREACHABLE', 'the database gave no connection', { cause });
  });
  // While a client is checked out its 'error' event is ours; the pending query rejects with the same error.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    return await runTransaction(client, work);
  } catch (error) {
    broken = await rollBack(client, error);
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** The same on a connection the caller owns, see {@link withTransaction}. After an error the connection is to be closed. */
export async function runTransaction<T>(
  client: Client | PoolClient,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // Said aloud: under a role's other default what is read after waiting for a lock would be older than the lock.
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  const result = await work(client);
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (cause) {
    // Even an error the server sent itself proves nothing: a session told to stop may have committed just before.
    throw new PostgresError('COMMIT_UNKNOWN', 'COMMIT was sent and its outcome is unknown', { cause });
  }
  if (command !== 'COMMIT') {
    throw new PostgresError('ROLLED_BACK', `the server answered COMMIT with ${command}`);
  }
  return result;
}

/** @returns the error to destroy the connection with, undefined when it is usable again */
async function rollBack(client: PoolClient, error: unknown): Promise<Error | undefined> {
  const reason = error instanceof Error ? error : new Error('the transaction failed', { cause: error });
  if (error instanceof PostgresError && error.code === 'COMMIT_UNKNOWN') return reason;
  // A timed-out or broken connection may still be executing: only an answer of the server or of `work` leaves a known state.
  if (sqlStateOf(error) === undefined && isDriverError(error)) return reason;
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch {
    return reason;
  }
}

function isDriverError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('errno' in error) return true;
  const message = 'message' in error ? String(error.message) : '';
  return /^(Connection terminated|Query read timeout|Client has encountered)/.test(message);
}

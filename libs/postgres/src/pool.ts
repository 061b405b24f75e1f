import pg from 'pg';
import { PostgresError } from './errors.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** Shown in pg_stat_activity and in the server's log. */
  readonly applicationName: string;
  /** Longest wait for a connection, from the pool or a new one. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Longest single statement. Default 15 s. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a row lock. Default 10 s, below the statement timeout so that the message names the lock. */
  readonly lockTimeoutMs?: number;
  /**
   * How long the server keeps the locks of a client that fell silent inside a transaction. Default 5 s, below the lock timeout: others
   * who wait for such a client's lock then get it instead of failing.
   */
  readonly idleInTransactionTimeoutMs?: number;
}

export interface PoolOptions extends ConnectionOptions {
  /** Open connections at most. Default 8. */
  readonly max?: number;
  /** Told about connections that break while idle; the pool has replaced them by then. */
  readonly onIdleError?: (error: Error) => void;
}

/** Connections with bounded waits everywhere: a database that hangs costs seconds, never a stuck service. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(options),
    max: options.max ?? 8,
    idleTimeoutMillis: 30_000,
  });
  // Without a listener a connection lost while idle would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  return pool;
}

/**
 * One connection of its own, outside every pool: what it reaches is the server that the address names now, not one that was the
 * primary when a pooled connection was opened. The caller ends it.
 *
 * @throws PostgresError UNREACHABLE
 */
export async function connect(options: ConnectionOptions): Promise<pg.Client> {
  const client = new pg.Client(connectionConfig(options));
  // After a broken connection every query rejects by itself; the event brings nothing new.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new PostgresError('UNREACHABLE', 'the database cannot be reached', { cause });
  }
  return client;
}

function connectionConfig(options: ConnectionOptions): pg.ClientConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    // These three travel in the start-up message, so they hold for the session whatever the role's defaults are.
    statement_timeout: statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 5_000,
    // The server's limit cannot fire when the server itself is gone: then the client gives up a little later.
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
  };
}

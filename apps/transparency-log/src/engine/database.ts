import { connect, type ConnectionOptions } from '@sigstead/postgres';
import type { Client, Pool } from 'pg';

/** The two ways to the database: pooled for everyday work, fresh when it matters which server answers. */
export interface Database {
  readonly pool: Pool;
  /** Connections the pool made so far. A new one may lead to another server, or to the same one after a restore. */
  readonly connectionsMade: number;
  /** The caller ends the connection. */
  connect(): Promise<Client>;
}

export function openDatabase(pool: Pool, options: ConnectionOptions): Database {
  let connectionsMade = 0;
  pool.on('connect', () => (connectionsMade += 1));
  return {
    pool,
    get connectionsMade() {
      return connectionsMade;
    },
    connect: () => connect(options),
  };
}

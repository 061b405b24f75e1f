import { connect, type ConnectionOptions } from '@sigstead/postgres';
import type { Client, Pool } from 'pg';

/** The two ways to the database: pooled for everyday work, fresh when it matters which server answers. */
export interface Database {
  readonly pool: Pool;
  /** The caller ends the connection. */
  connect(): Promise<Client>;
}

export function openDatabase(pool: Pool, options: ConnectionOptions): Database {
  return { pool, connect: () => connect(options) };
}

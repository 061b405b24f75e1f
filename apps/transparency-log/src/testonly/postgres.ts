import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { connect, ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateTransparencyLog } from '../storage/migrate.ts';

const OWNER = { name: 'tlog_owner', password: 'owner' };
const SERVICE = { name: 'tlog_service', password: 'service' };

/** A migrated database of its own. */
export interface TestDatabase {
  readonly ownerUrl: string;
  readonly serviceUrl: string;
}

export interface TestPostgres {
  readonly server: RunningPostgres;
  /** Stops the server, does something with its files, starts it again on the same port. */
  restart(mode: 'fast' | 'immediate', meanwhile?: (dataDirectory: string) => Promise<unknown>): Promise<void>;
  createDatabase(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/** A real server in a fresh folder. Durability is off: these tests kill connections and clients, not the machine. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'sigstead-tlog-'));
  const options = { directory, settings: { fsync: 'off', max_connections: '60' } };
  let server = await startPostgres(options);
  await ensureLoginRole(server.url, OWNER);
  await ensureLoginRole(server.url, SERVICE);
  let databases = 0;
  return {
    get server() {
      return server;
    },
    async restart(mode, meanwhile) {
      const { port, url } = server;
      const [row] = await runSql(url, 'SHOW data_directory');
      await server.stop(mode);
      await meanwhile?.(row?.['data_directory'] as string);
      server = await startPostgres({ ...options, port });
    },
    async createDatabase() {
      const database = `tlog_${++databases}`;
      await ensureDatabase(server.url, database, OWNER.name);
      const ownerUrl = withCredentials(server.url, { role: OWNER, database });
      await migrateTransparencyLog({ url: ownerUrl, serviceRole: SERVICE.name });
      return { ownerUrl, serviceUrl: withCredentials(server.url, { role: SERVICE, database }) };
    },
    async stop() {
      await server.stop('immediate');
      await removeCluster(directory);
    },
  };
}

/** Runs statements on a connection of its own and gives the rows of the last. */
export async function runSql(
  url: string,
  ...statements: readonly string[]
): Promise<Record<string, unknown>[]> {
  const client = await connect({ url, applicationName: 'test' });
  try {
    let rows: Record<string, unknown>[] = [];
    for (const text of statements) ({ rows } = await client.query(text));
    return rows;
  } finally {
    await client.end();
  }
}

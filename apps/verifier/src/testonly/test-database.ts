import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { connect, ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { migrateVerifier } from '../policies/migrate.ts';

const OWNER = { name: 'verifier_owner', password: 'owner' };
const SERVICE = { name: 'verifier_service', password: 'service' };
const DATABASE = 'verifier';

/** A real PostgreSQL with one migrated database, for one spec file. */
export class TestDatabase {
  readonly #directory: string;
  #server: RunningPostgres;

  private constructor(directory: string, server: RunningPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  /** Durability is off: these tests stop the server, not the machine. */
  static async start(): Promise<TestDatabase> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-verifier-'));
    const database = new TestDatabase(directory, await startPostgres(optionsOf(directory)));
    for (const role of [OWNER, SERVICE]) await ensureLoginRole(database.#server.url, role);
    await ensureDatabase(database.#server.url, DATABASE, OWNER.name);
    await database.migrate();
    return database;
  }

  /** @returns names of the migrations that were applied */
  migrate(): Promise<string[]> {
    return migrateVerifier({ url: this.ownerUrl, serviceRole: SERVICE.name });
  }

  get ownerUrl(): string {
    return withCredentials(this.#server.url, { role: OWNER, database: DATABASE });
  }

  get serviceUrl(): string {
    return withCredentials(this.#server.url, { role: SERVICE, database: DATABASE });
  }

  /** Stops the server for as long as the work takes; it comes back on the same port. */
  async without(work: () => Promise<void>): Promise<void> {
    const { port } = this.#server;
    await this.#server.stop('fast');
    try {
      await work();
    } finally {
      this.#server = await startPostgres({ ...optionsOf(this.#directory), port });
    }
  }

  async stop(): Promise<void> {
    await this.#server.stop('immediate');
    await removeCluster(this.#directory);
  }

  /** Runs a statement on a connection of its own. */
  async run(url: string, text: string): Promise<Record<string, unknown>[]> {
    const client = await connect({ url, applicationName: 'test' });
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }
}

function optionsOf(directory: string): Parameters<typeof startPostgres>[0] {
  return { directory, settings: { fsync: 'off', max_connections: '60' } };
}

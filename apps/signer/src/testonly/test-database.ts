import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { connect, ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { migrateSigner } from '../record/migrate.ts';

const OWNER = { name: 'signer_owner', password: 'owner' };
const SERVICE = { name: 'signer_service', password: 'service' };

/** A real PostgreSQL with the signer's tables, for one spec file. */
export class TestDatabase {
  readonly #directory: string;
  #server: RunningPostgres;

  private constructor(directory: string, server: RunningPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  /** Durability is off: these tests stop the server, not the machine. */
  static async start(): Promise<TestDatabase> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-signer-'));
    const database = new TestDatabase(directory, await startPostgres(optionsOf(directory)));
    for (const role of [OWNER, SERVICE]) await ensureLoginRole(database.#server.url, role);
    await ensureDatabase(database.#server.url, 'signer', OWNER.name);
    await migrateSigner({ url: database.ownerUrl, serviceRole: SERVICE.name });
    return database;
  }

  get ownerUrl(): string {
    return withCredentials(this.#server.url, { role: OWNER, database: 'signer' });
  }

  get serviceUrl(): string {
    return withCredentials(this.#server.url, { role: SERVICE, database: 'signer' });
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

  /** Runs a statement as the service. */
  async run(text: string): Promise<Record<string, unknown>[]> {
    const client = await connect({ url: this.serviceUrl, applicationName: 'test' });
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

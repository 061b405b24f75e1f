import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials, type LoginRole } from '../administration.ts';
import { connect } from '../pool.ts';

export interface TestServerPlan {
  /** Of the database, and part of the folder's name. */
  readonly name: string;
  /** Owner of the database. */
  readonly owner: LoginRole;
  /** Further roles that may log in. */
  readonly roles: readonly LoginRole[];
}

/** A real PostgreSQL with one empty database, for one spec file. */
export class TestServer {
  readonly #plan: TestServerPlan;
  readonly #directory: string;
  #server: RunningPostgres;

  private constructor(plan: TestServerPlan, directory: string, server: RunningPostgres) {
    this.#plan = plan;
    this.#directory = directory;
    this.#server = server;
  }

  /** Durability is off: these tests kill clients and stop the server, not the machine. */
  static async start(plan: TestServerPlan): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), `sigstead-${plan.name}-`));
    const server = await startPostgres(optionsOf(directory));
    for (const role of [plan.owner, ...plan.roles]) await ensureLoginRole(server.url, role);
    await ensureDatabase(server.url, plan.name, plan.owner.name);
    return new TestServer(plan, directory, server);
  }

  /** Of the server's superuser. */
  get adminUrl(): string {
    return this.#server.url;
  }

  urlOf(role: LoginRole): string {
    return withCredentials(this.#server.url, { role, database: this.#plan.name });
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

import { TestServer } from '@sigstead/postgres/testonly/test-server';
import { migrateVerifier } from '../policies/migrate.ts';

const OWNER = { name: 'verifier_owner', password: 'owner' };
const SERVICE = { name: 'verifier_service', password: 'service' };

/** A real PostgreSQL with one migrated database, for one spec file. */
export class TestDatabase {
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async start(): Promise<TestDatabase> {
    const server = await TestServer.start({ name: 'verifier', owner: OWNER, roles: [SERVICE] });
    const database = new TestDatabase(server);
    await database.migrate();
    return database;
  }

  /** @returns names of the migrations that were applied */
  migrate(): Promise<string[]> {
    return migrateVerifier({ url: this.ownerUrl, serviceRole: SERVICE.name });
  }

  get ownerUrl(): string {
    return this.#server.urlOf(OWNER);
  }

  get serviceUrl(): string {
    return this.#server.urlOf(SERVICE);
  }

  /** Stops the server for as long as the work takes; it comes back on the same port. */
  without(work: () => Promise<void>): Promise<void> {
    return this.#server.without(work);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Runs a statement on a connection of its own. */
  run(url: string, text: string): Promise<Record<string, unknown>[]> {
    return this.#server.run(url, text);
  }
}

import { TestServer } from '@sigstead/postgres/testonly/test-server';
import { migrateSigner } from '../record/migrate.ts';

const OWNER = { name: 'signer_owner', password: 'owner' };
const SERVICE = { name: 'signer_service', password: 'service' };

/** A real PostgreSQL with the signer's tables, for one spec file. */
export class TestDatabase {
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async start(): Promise<TestDatabase> {
    const server = await TestServer.start({ name: 'signer', owner: OWNER, roles: [SERVICE] });
    await migrateSigner({ url: server.urlOf(OWNER), serviceRole: SERVICE.name });
    return new TestDatabase(server);
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

  /** Runs a statement as the service. */
  run(text: string): Promise<Record<string, unknown>[]> {
    return this.#server.run(this.serviceUrl, text);
  }
}

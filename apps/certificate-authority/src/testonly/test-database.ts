import { PrivateKeySigner } from '@sigstead/crypto';
import { TestServer } from '@sigstead/postgres/testonly/test-server';
import type { CertificateAuthorityConfig } from '../config.ts';
import { migrateCertificateAuthority } from '../record/migrate.ts';
import type { TestFiles } from './test-authority.ts';

const OWNER = { name: 'ca_owner', password: 'owner' };
const SERVICE = { name: 'ca_service', password: 'service' };
const REVOKER = { name: 'ca_revoker', password: 'revoker' };

/** A real PostgreSQL with one migrated database, for one spec file. */
export class TestDatabase {
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async start(): Promise<TestDatabase> {
    const server = await TestServer.start({ name: 'ca', owner: OWNER, roles: [SERVICE, REVOKER] });
    await migrateCertificateAuthority({
      url: server.urlOf(OWNER),
      serviceRole: SERVICE.name,
      revokerRole: REVOKER.name,
    });
    return new TestDatabase(server);
  }

  get adminUrl(): string {
    return this.#server.adminUrl;
  }

  get ownerUrl(): string {
    return this.#server.urlOf(OWNER);
  }

  get serviceUrl(): string {
    return this.#server.urlOf(SERVICE);
  }

  get revokerUrl(): string {
    return this.#server.urlOf(REVOKER);
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

export type RecordSettings = Pick<
  CertificateAuthorityConfig,
  'databaseUrl' | 'revocationKeyFile' | 'revocationPassphraseFile' | 'revocationLifetimeSeconds'
>;

/** What a service needs to keep its record, with a fresh key for the list of revocations. */
export async function recordSettings(
  files: TestFiles,
  database: TestDatabase,
  key: PrivateKeySigner = PrivateKeySigner.generate('P-256'),
): Promise<RecordSettings> {
  return {
    databaseUrl: database.serviceUrl,
    revocationKeyFile: await files.write('revocation.key.pem', key.toEncryptedPem('other words')),
    revocationPassphraseFile: await files.write('revocation.passphrase', 'other words\n'),
    revocationLifetimeSeconds: 86_400,
  };
}

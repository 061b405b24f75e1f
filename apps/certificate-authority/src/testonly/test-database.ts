import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateKeySigner } from '@sigstead/crypto';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { connect, ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import type { CertificateAuthorityConfig } from '../config.ts';
import { migrateCertificateAuthority } from '../record/migrate.ts';
import type { TestFiles } from './test-authority.ts';

const OWNER = { name: 'ca_owner', password: 'owner' };
const SERVICE = { name: 'ca_service', password: 'service' };
const REVOKER = { name: 'ca_revoker', password: 'revoker' };

/** A real PostgreSQL with one migrated database, for one spec file. */
export class TestDatabase {
  readonly #directory: string;
  #server: RunningPostgres;

  private constructor(directory: string, server: RunningPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  /** Durability is off: these tests kill clients and stop the server, not the machine. */
  static async start(): Promise<TestDatabase> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-ca-'));
    const database = new TestDatabase(directory, await startPostgres(optionsOf(directory)));
    for (const role of [OWNER, SERVICE, REVOKER]) await ensureLoginRole(database.adminUrl, role);
    await ensureDatabase(database.adminUrl, 'ca', OWNER.name);
    await migrateCertificateAuthority({
      url: database.ownerUrl,
      serviceRole: SERVICE.name,
      revokerRole: REVOKER.name,
    });
    return database;
  }

  get adminUrl(): string {
    return this.#server.url;
  }

  get ownerUrl(): string {
    return withCredentials(this.#server.url, { role: OWNER, database: 'ca' });
  }

  get serviceUrl(): string {
    return withCredentials(this.#server.url, { role: SERVICE, database: 'ca' });
  }

  get revokerUrl(): string {
    return withCredentials(this.#server.url, { role: REVOKER, database: 'ca' });
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
  return { directory, settings: { fsync: 'off', max_connections: '40' } };
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

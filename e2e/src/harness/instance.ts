import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { freePorts, run, startService, type Started } from './processes.ts';

type ServiceName = 'certificateAuthority' | 'transparencyLog' | 'signer' | 'verifier' | 'issuer' | 'registry';

const NAMES = [
  'certificateAuthority',
  'transparencyLog',
  'signer',
  'verifier',
  'issuer',
  'registry',
] as const;

const MAINS: Readonly<Record<ServiceName, string>> = {
  certificateAuthority: 'apps/certificate-authority/dist/main.js',
  transparencyLog: 'apps/transparency-log/dist/main.js',
  signer: 'apps/signer/dist/main.js',
  verifier: 'apps/verifier/dist/main.js',
  issuer: 'tools/local-stack/dist/issuer/issuer-main.js',
  registry: 'tools/local-stack/dist/registry/registry-main.js',
};

/**
 * The topology of docker-compose.yml as separate processes: one PostgreSQL, ceremony and migration as one-shot
 * commands, every service on its own port with nothing but its own files. Public and internal addresses differ
 * (`localhost` and `127.0.0.1`), as they do between containers.
 */
export class Instance {
  readonly directory: string;
  readonly ports: Readonly<Record<ServiceName, number>>;
  readonly postgres: RunningPostgres;
  readonly serviceDatabaseUrl: string;
  readonly ownerDatabaseUrl: string;
  readonly #running = new Map<ServiceName, Started>();

  private constructor(
    directory: string,
    ports: Readonly<Record<ServiceName, number>>,
    postgres: RunningPostgres,
    urls: { service: string; owner: string },
  ) {
    this.directory = directory;
    this.ports = ports;
    this.postgres = postgres;
    this.serviceDatabaseUrl = urls.service;
    this.ownerDatabaseUrl = urls.owner;
  }

  /** Everything but the services themselves. */
  static async prepare(): Promise<Instance> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-e2e-'));
    const ports = await freePorts(NAMES);
    const postgres = await startPostgres({ directory: join(directory, 'postgres') });
    const owner = { name: 'sigstead_owner', password: 'owner-password' };
    const service = { name: 'sigstead_log', password: 'log-password' };
    await ensureLoginRole(postgres.url, owner);
    await ensureLoginRole(postgres.url, service);
    await ensureDatabase(postgres.url, 'sigstead', owner.name);
    const urls = {
      owner: withCredentials(postgres.url, { role: owner, database: 'sigstead' }),
      service: withCredentials(postgres.url, { role: service, database: 'sigstead' }),
    };
    const instance = new Instance(directory, ports, postgres, urls);
    await mustRun([
      'tools/ceremony/dist/main.js',
      `--directory=${directory}`,
      `--ca-url=${instance.publicUrl('certificateAuthority')}`,
      `--log-url=${instance.publicUrl('transparencyLog')}`,
      `--issuer-url=${instance.publicUrl('issuer')}/issuers/github`,
    ]);
    await mustRun(['apps/transparency-log/dist/migrate-main.js'], {
      MIGRATION_DATABASE_URL: urls.owner,
      SERVICE_ROLE: service.name,
    });
    await writeFile(
      join(directory, 'issuers.json'),
      JSON.stringify([
        {
          issuerUrl: `${instance.publicUrl('issuer')}/issuers/github`,
          discoveryUrl: `${instance.internalUrl('issuer')}/issuers/github`,
          clientId: 'sigstore',
          type: 'ci-provider',
          ciProvider: 'github-workflow',
        },
        {
          issuerUrl: `${instance.publicUrl('issuer')}/issuers/email`,
          discoveryUrl: `${instance.internalUrl('issuer')}/issuers/email`,
          clientId: 'sigstore',
          type: 'email',
        },
      ]),
    );
    return instance;
  }

  publicUrl(name: ServiceName): string {
    return `http://localhost:${this.ports[name]}`;
  }

  internalUrl(name: ServiceName): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  async start(name: ServiceName, overrides: Readonly<Record<string, string>> = {}): Promise<Started> {
    const service = await startService(MAINS[name], this.ports[name], {
      ...this.#environment(name),
      ...overrides,
    });
    this.#running.set(name, service);
    return service;
  }

  /** In the order of the compose file: each is ready before the next begins. */
  async startAll(): Promise<void> {
    for (const name of [
      'issuer',
      'registry',
      'transparencyLog',
      'certificateAuthority',
      'signer',
      'verifier',
    ] as const) {
      await this.start(name);
    }
  }

  service(name: ServiceName): Started {
    const service = this.#running.get(name);
    if (service === undefined) throw new Error(`${name} was not started`);
    return service;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((service) => service.stop()));
    await this.postgres.stop();
    await removeCluster(join(this.directory, 'postgres'));
    await rm(this.directory, { recursive: true, force: true });
  }

  #environment(name: ServiceName): Record<string, string> {
    const file = (path: string) => join(this.directory, path);
    switch (name) {
      case 'issuer':
        return { PUBLIC_URL: this.publicUrl('issuer'), KEYS_DIRECTORY: file('issuer') };
      case 'registry':
        return { DIRECTORY: file('registry') };
      case 'transparencyLog':
        return {
          DATABASE_URL: this.serviceDatabaseUrl,
          LOGS_FILE: file('transparency-log/logs.json'),
          ANCHOR_DIRECTORY: file('anchor'),
        };
      case 'certificateAuthority':
        return {
          CA_KEY_FILE: file('certificate-authority/ca.key.pem'),
          CA_PASSPHRASE_FILE: file('certificate-authority/passphrase'),
          CA_CHAIN_FILE: file('certificate-authority/chain.pem'),
          CT_PUBLIC_KEY_FILE: file('certificate-authority/ct.pub.pem'),
          CT_LOG_URL: this.internalUrl('transparencyLog'),
          ISSUERS_FILE: file('issuers.json'),
        };
      case 'signer':
        return {
          CA_URL: this.internalUrl('certificateAuthority'),
          REKOR_URL: this.internalUrl('transparencyLog'),
          TRUSTED_ROOT_FILE: file('trust/trusted_root.json'),
          ALLOW_INSECURE_REGISTRIES: `localhost:${this.ports.registry}`,
        };
      case 'verifier':
        return {
          REKOR_URL: this.internalUrl('transparencyLog'),
          TRUSTED_ROOT_FILE: file('trust/trusted_root.json'),
          TRUST_DIRECTORY: file('trust'),
          ALLOW_INSECURE_REGISTRIES: `localhost:${this.ports.registry}`,
        };
    }
  }
}

async function mustRun(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, stdout, stderr } = await run([process.execPath, ...args], environment);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}:\n${stdout}\n${stderr}`);
}

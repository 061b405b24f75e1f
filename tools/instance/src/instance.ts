import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { freePorts, run, startService, type Started } from './processes.ts';

/** In the order of the compose file: each is ready before the next begins. */
const NAMES = [
  'issuer',
  'registry',
  'transparencyLog',
  'certificateAuthority',
  'timestampAuthority',
  'signer',
  'verifier',
] as const;

export type ServiceName = (typeof NAMES)[number];

const MAINS: Readonly<Record<ServiceName, string>> = {
  certificateAuthority: 'apps/certificate-authority/dist/main.js',
  timestampAuthority: 'apps/certificate-authority/dist/timestamp-main.js',
  transparencyLog: 'apps/transparency-log/dist/main.js',
  signer: 'apps/signer/dist/main.js',
  verifier: 'apps/verifier/dist/main.js',
  issuer: 'tools/local-stack/dist/issuer/issuer-main.js',
  registry: 'tools/local-stack/dist/registry/registry-main.js',
};

const DATABASE = 'sigstead';
const OWNER = { name: 'sigstead_owner', password: 'owner-password' };
const LOG_ROLE = { name: 'sigstead_log', password: 'log-password' };
const CA_ROLE = { name: 'sigstead_ca', password: 'ca-password' };
const VERIFIER_ROLE = { name: 'sigstead_verifier', password: 'verifier-password' };
const REVOKER_ROLE = { name: 'sigstead_revoker', password: 'revoker-password' };
const SIGNER_ROLE = { name: 'sigstead_signer', password: 'signer-password' };

/**
 * The topology of docker-compose.yml as separate processes: one PostgreSQL, ceremony and migration as one-shot
 * commands, every service on its own port with nothing but its own files. Public and internal addresses differ
 * (`localhost` and `127.0.0.1`), as they do between containers.
 */
export class Instance {
  readonly directory: string;
  readonly ports: Readonly<Record<ServiceName, number>>;
  readonly #running = new Map<ServiceName, Started>();
  readonly #processes: Started[] = [];
  #postgres: RunningPostgres;

  private constructor(
    directory: string,
    ports: Readonly<Record<ServiceName, number>>,
    postgres: RunningPostgres,
  ) {
    this.directory = directory;
    this.ports = ports;
    this.#postgres = postgres;
  }

  /** Everything but the services themselves. */
  static async prepare(): Promise<Instance> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-e2e-'));
    const ports = await freePorts(NAMES);
    const postgres = await startPostgres({ directory: join(directory, 'postgres') });
    for (const role of [OWNER, LOG_ROLE, CA_ROLE, REVOKER_ROLE, SIGNER_ROLE, VERIFIER_ROLE])
      await ensureLoginRole(postgres.url, role);
    await ensureDatabase(postgres.url, DATABASE, OWNER.name);
    const instance = new Instance(directory, ports, postgres);
    await mustRun([
      'tools/ceremony/dist/main.js',
      `--directory=${directory}`,
      `--ca-url=${instance.publicUrl('certificateAuthority')}`,
      `--log-url=${instance.publicUrl('transparencyLog')}`,
      `--tsa-url=${instance.publicUrl('timestampAuthority')}`,
      `--issuer-url=${instance.publicUrl('issuer')}/issuers/github`,
      '--secret=policy-admin/token',
    ]);
    await mustRun(['apps/transparency-log/dist/migrate-main.js'], {
      MIGRATION_DATABASE_URL: instance.ownerDatabaseUrl,
      SERVICE_ROLE: LOG_ROLE.name,
    });
    await mustRun(['apps/certificate-authority/dist/migrate-main.js'], {
      MIGRATION_DATABASE_URL: instance.ownerDatabaseUrl,
      SERVICE_ROLE: CA_ROLE.name,
      REVOKER_ROLE: REVOKER_ROLE.name,
    });
    await mustRun(['apps/signer/dist/migrate-main.js'], {
      MIGRATION_DATABASE_URL: instance.ownerDatabaseUrl,
      SERVICE_ROLE: SIGNER_ROLE.name,
    });
    await mustRun(['apps/verifier/dist/migrate-main.js'], {
      MIGRATION_DATABASE_URL: instance.ownerDatabaseUrl,
      SERVICE_ROLE: VERIFIER_ROLE.name,
    });
    await writeFile(join(directory, 'issuers.yaml'), instance.#issuers());
    return instance;
  }

  get postgres(): RunningPostgres {
    return this.#postgres;
  }

  get ownerDatabaseUrl(): string {
    return withCredentials(this.postgres.url, { role: OWNER, database: DATABASE });
  }

  publicUrl(name: ServiceName): string {
    return `http://localhost:${this.ports[name]}`;
  }

  internalUrl(name: ServiceName): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  async start(name: ServiceName, overrides: Readonly<Record<string, string>> = {}): Promise<Started> {
    const service = await this.startReplica(name, this.ports[name], overrides);
    this.#running.set(name, service);
    return service;
  }

  /** One more process of a service, ready, on a port of its own. It ends with the instance, if not before. */
  async startReplica(
    name: ServiceName,
    port: number,
    overrides: Readonly<Record<string, string>> = {},
  ): Promise<Started> {
    const environment = { ...this.#environment(name), ...overrides };
    const service = await startService(MAINS[name], port, environment);
    this.#processes.push(service);
    return service;
  }

  async startAll(): Promise<void> {
    for (const name of NAMES) await this.start(name);
  }

  service(name: ServiceName): Started {
    const service = this.#running.get(name);
    if (service === undefined) throw new Error(`${name} was not started`);
    return service;
  }

  /** Stops the database as a crash would, and starts it again at the same address. */
  async crashPostgres(): Promise<void> {
    const { port } = this.#postgres;
    await this.#postgres.stop('immediate');
    this.#postgres = await startPostgres({ directory: this.#postgresDirectory, port });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((service) => service.stop()));
    await this.#postgres.stop();
    await removeCluster(this.#postgresDirectory);
    await rm(this.directory, { recursive: true, force: true });
  }

  get #postgresDirectory(): string {
    return join(this.directory, 'postgres');
  }

  /** The configuration of the authority: a CI provider and people, from the development issuer. */
  #issuers(): string {
    const issuer = (name: string, kind: string) => [
      `  ${this.publicUrl('issuer')}/issuers/${name}:`,
      `    issuer-url: ${this.publicUrl('issuer')}/issuers/${name}`,
      `    discovery-url: ${this.internalUrl('issuer')}/issuers/${name}`,
      '    client-id: sigstore',
      `    ${kind}`,
    ];
    const lines = ['oidc-issuers:', ...issuer('github', 'preset: github'), ...issuer('email', 'type: email')];
    return `${lines.join('\n')}\n`;
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
          DATABASE_URL: withCredentials(this.postgres.url, { role: LOG_ROLE, database: DATABASE }),
          LOGS_FILE: file('transparency-log/logs.json'),
          ANCHOR_DIRECTORY: file('anchor'),
        };
      case 'certificateAuthority':
        return {
          GRPC_PORT: '0',
          DATABASE_URL: withCredentials(this.postgres.url, { role: CA_ROLE, database: DATABASE }),
          CA_KEY_FILE: file('certificate-authority/ca.key.pem'),
          CA_PASSPHRASE_FILE: file('certificate-authority/passphrase'),
          CA_CHAIN_FILE: file('certificate-authority/chain.pem'),
          CT_PUBLIC_KEY_FILE: file('certificate-authority/ct.pub.pem'),
          CT_LOG_URL: this.internalUrl('transparencyLog'),
          ISSUERS_FILE: file('issuers.yaml'),
          REVOCATION_KEY_FILE: file('certificate-authority/revocation.key.pem'),
          REVOCATION_PASSPHRASE_FILE: file('certificate-authority/revocation.passphrase'),
        };
      case 'timestampAuthority':
        return {
          TSA_KEY_FILE: file('timestamp-authority/timestamp.key.pem'),
          TSA_PASSPHRASE_FILE: file('timestamp-authority/passphrase'),
          TSA_CHAIN_FILE: file('timestamp-authority/chain.pem'),
        };
      case 'signer':
        return {
          CA_URL: this.internalUrl('certificateAuthority'),
          REKOR_URL: this.internalUrl('transparencyLog'),
          REKOR_V2_URL: this.internalUrl('transparencyLog'),
          TSA_URLS: `${this.internalUrl('timestampAuthority')}/api/v1/timestamp`,
          TRUSTED_ROOT_FILE: file('trust/trusted_root.json'),
          ALLOW_INSECURE_REGISTRIES: `localhost:${this.ports.registry}`,
          DATABASE_URL: withCredentials(this.postgres.url, { role: SIGNER_ROLE, database: DATABASE }),
        };
      case 'verifier':
        return {
          DATABASE_URL: withCredentials(this.postgres.url, { role: VERIFIER_ROLE, database: DATABASE }),
          POLICY_ADMIN_TOKEN_FILE: file('policy-admin/token'),
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

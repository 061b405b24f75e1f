import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../../..');
const SERVICE = 'apps/transparency-log/dist/main.js';
const MIGRATION = 'apps/transparency-log/dist/migrate-main.js';
const HOST = 'hammer.example';
const READY_MS = 60_000;

interface Replica {
  readonly port: number;
  process: ChildProcess;
}

/** A log of its own with several replicas, made of the built service, one PostgreSQL and files in a temporary folder. */
export class Cluster {
  readonly key: PublicKey;
  readonly treeId: string;
  readonly host = HOST;
  /** Replicas that ended by themselves at start and were started again. */
  restarts = 0;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #replicas: Replica[] = [];
  #postgres: RunningPostgres;

  private constructor(
    directory: string,
    postgres: RunningPostgres,
    environment: Readonly<Record<string, string>>,
    log: { key: PublicKey; treeId: string },
  ) {
    this.#directory = directory;
    this.#postgres = postgres;
    this.#environment = environment;
    this.key = log.key;
    this.treeId = log.treeId;
  }

  static async start(replicas: number): Promise<Cluster> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-hammer-'));
    const postgres = await startPostgres({ directory: join(directory, 'postgres') });
    const secret = randomBytes(16).toString('hex');
    const [owner, service] = ['hammer_owner', 'hammer_service'].map((name) => ({ name, password: secret }));
    if (owner === undefined || service === undefined) throw new Error('unreachable');
    await ensureLoginRole(postgres.url, owner);
    await ensureLoginRole(postgres.url, service);
    await ensureDatabase(postgres.url, 'hammer', owner.name);
    const urlOf = (role: typeof owner): string => withCredentials(postgres.url, { role, database: 'hammer' });
    await migrate({ MIGRATION_DATABASE_URL: urlOf(owner), SERVICE_ROLE: service.name });
    const signer = PrivateKeySigner.generate('P-256');
    const treeId = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    await writeFile(join(directory, 'key.pem'), signer.toEncryptedPem(secret));
    await writeFile(join(directory, 'passphrase'), secret);
    const logs = [{ kind: 'rekor-v1', treeId, host: HOST, keyFile: 'key.pem', passphraseFile: 'passphrase' }];
    await writeFile(join(directory, 'logs.json'), JSON.stringify(logs));
    const environment = {
      DATABASE_URL: urlOf(service),
      LOGS_FILE: join(directory, 'logs.json'),
      ANCHOR_DIRECTORY: join(directory, 'anchor'),
      LOG_LEVEL: 'silent',
    };
    const cluster = new Cluster(directory, postgres, environment, { key: signer.publicKey, treeId });
    for (let i = 0; i < replicas; i++) await cluster.#add();
    return cluster;
  }

  get urls(): readonly string[] {
    return this.#replicas.map(({ port }) => `http://127.0.0.1:${port}`);
  }

  /** Kills a replica without warning and starts it again. Its address stays. */
  async kill(index: number): Promise<void> {
    const replica = this.#replicas[index];
    if (replica === undefined) throw new RangeError(`there is no replica ${index}`);
    await end(replica.process, 'SIGKILL');
    replica.process = this.#spawn(replica.port);
    await this.#untilReady(replica);
  }

  /** Stops the database as a crash would, and starts it again. */
  async crashDatabase(): Promise<void> {
    const { port } = this.#postgres;
    await this.#postgres.stop('immediate');
    this.#postgres = await startPostgres({ directory: join(this.#directory, 'postgres'), port });
  }

  async untilReady(): Promise<void> {
    for (const replica of this.#replicas) await this.#untilReady(replica);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => end(replica.process, 'SIGTERM')));
    await this.#postgres.stop('immediate');
    await removeCluster(join(this.#directory, 'postgres'));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #add(): Promise<void> {
    const port = await freePort();
    const replica = { port, process: this.#spawn(port) };
    this.#replicas.push(replica);
    await this.#untilReady(replica);
  }

  /** A replica that ends because it finds no database is started again, as any supervisor would do. */
  async #untilReady(replica: Replica): Promise<void> {
    const deadline = Date.now() + READY_MS;
    for (let last = 'no answer'; ; await delay(50)) {
      const { port } = replica;
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      if (answer !== undefined) last = await answer.text();
      if (Date.now() > deadline) throw new Error(`a replica is not ready after ${READY_MS} ms: ${last}`);
      if (hasEnded(replica.process)) {
        replica.process = this.#spawn(port);
        this.restarts += 1;
      }
    }
  }

  #spawn(port: number): ChildProcess {
    return spawn(process.execPath, [join(ROOT, SERVICE)], {
      env: { PATH: process.env['PATH'], ...this.#environment, HOST: '127.0.0.1', PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

async function migrate(environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, MIGRATION)], {
    env: { PATH: process.env['PATH'], ...environment, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

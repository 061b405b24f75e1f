import { expect } from '@jest/globals';
import { PrivateKeySigner, type KeyType, type PublicKey } from '@sigstead/crypto';
import { decodeBase64, encodeBase64 } from '@sigstead/encoding';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { createLog, type Service } from '@sigstead/server';
import {
  noteVerifierOf,
  verifyCheckpointNote,
  type Checkpoint,
  type TransparencyLogEntryJson,
} from '@sigstead/tlog';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransparencyLog } from '../create-transparency-log.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from './postgres.ts';
import { SOURCE_ARGUMENTS } from './service.ts';

export const ORIGIN = 'log2026-1.rekor.test';

export interface RekorV2Shape {
  readonly origin: string;
  /** Ed25519 unless told. */
  readonly keyType?: KeyType;
  /** Further settings of the log. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface StageOptions {
  /** One log of {@link ORIGIN} unless told. */
  readonly logs?: readonly RekorV2Shape[];
  readonly maxBodyBytes?: number;
  readonly admissionThreads?: number;
  readonly clock?: () => Date;
  /** Further files beside the list of logs, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server and one service with Rekor v2 logs on it, for a whole spec. */
export class RekorV2Stage {
  readonly #options: StageOptions;
  readonly #keys = new Map<string, PublicKey>();
  #postgres: TestPostgres | undefined;
  #database: TestDatabase | undefined;
  #directory = '';
  #service: Service | undefined;
  #url = '';

  constructor(options: StageOptions = {}) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#postgres = await startTestPostgres();
    this.#database = await this.#postgres.createDatabase();
    this.#directory = await mkdtemp(join(tmpdir(), 'sigstead-rekor-v2-'));
    await writeFile(join(this.#directory, 'passphrase'), 'correct horse\n');
    for (const [name, text] of Object.entries(this.#options.files ?? {}))
      await writeFile(join(this.#directory, name), text);
    const logs: unknown[] = [];
    for (const shape of this.#options.logs ?? [{ origin: ORIGIN }]) logs.push(await this.#makeLog(shape));
    await this.writeLogs(logs);
    await this.open();
  }

  async stop(): Promise<void> {
    await this.#service?.close();
    await rm(this.#directory, { recursive: true, force: true });
    await this.#postgres?.stop();
  }

  /** Starts the service on what is there, after {@link close}. */
  async open(): Promise<void> {
    const { maxBodyBytes = 8 * 1024 * 1024, admissionThreads = 0, clock = () => new Date() } = this.#options;
    this.#service = await createTransparencyLog(
      {
        databaseUrl: this.database.serviceUrl,
        logsFile: this.logsFile,
        anchors: { directory: this.anchorDirectory },
        maxBodyBytes,
        admissionThreads,
      },
      { clock, log: createLog('test', 'silent'), threadArguments: SOURCE_ARGUMENTS },
    );
    this.#url = await this.#service.listen(0, '127.0.0.1');
  }

  async close(): Promise<void> {
    await this.#service?.close();
    this.#service = undefined;
  }

  get url(): string {
    return this.#url;
  }

  get service(): Service {
    return started(this.#service);
  }

  get database(): TestDatabase {
    return started(this.#database);
  }

  get directory(): string {
    return this.#directory;
  }

  get logsFile(): string {
    return join(this.#directory, 'logs.json');
  }

  get anchorDirectory(): string {
    return join(this.#directory, 'anchors');
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, { headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async create(request: unknown, prefix = '/api/v2'): Promise<TransparencyLogEntryJson> {
    const response = await this.post(`${prefix}/log/entries`, request);
    const answer = (await response.json()) as TransparencyLogEntryJson;
    expect({ status: response.status, answer }).toMatchObject({ status: 201 });
    return answer;
  }

  async checkpoint(path = '/checkpoint', origin = ORIGIN): Promise<Checkpoint> {
    const response = await this.get(path);
    const note = await response.text();
    expect({ status: response.status, note }).toMatchObject({ status: 200 });
    return verifyCheckpointNote(note, noteVerifierOf(origin, this.keyOf(origin)));
  }

  /** Everything a client checks. */
  verify(entry: TransparencyLogEntryJson, origin = ORIGIN): void {
    const key = noteVerifierOf(origin, this.keyOf(origin));
    const proof = entry.inclusionProof;
    const checkpoint = verifyCheckpointNote(proof.checkpoint.envelope, key);
    expect(entry.logId.keyId).toBe(encodeBase64(key.keyId));
    expect(checkpoint).toMatchObject({ origin, size: BigInt(proof.treeSize), extensions: [] });
    expect(encodeBase64(checkpoint.rootHash)).toBe(proof.rootHash);
    expect(proof.logIndex).toBe(entry.logIndex);
    verifyInclusion(
      BigInt(entry.logIndex),
      checkpoint.size,
      hashLeaf(decodeBase64(entry.canonicalizedBody)),
      proof.hashes.map(decodeBase64),
      checkpoint.rootHash,
    );
  }

  keyOf(origin: string): PublicKey {
    return started(this.#keys.get(origin));
  }

  writeLogs(logs: readonly unknown[]): Promise<void> {
    return writeFile(this.logsFile, JSON.stringify(logs));
  }

  async #makeLog({ origin, keyType = 'Ed25519', settings = {} }: RekorV2Shape): Promise<unknown> {
    const signer = PrivateKeySigner.generate(keyType);
    const keyFile = `${origin}.pem`;
    await writeFile(join(this.#directory, keyFile), signer.toEncryptedPem('correct horse'));
    this.#keys.set(origin, signer.publicKey);
    return { kind: 'rekor-v2', origin, keyFile, passphraseFile: 'passphrase', ...settings };
  }
}

export async function expectStatus(
  response: Response,
  status: number,
  code: number,
  message: string | RegExp,
): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = JSON.parse(text) as { code: number; message: string; details: unknown };
  expect(Object.keys(body)).toEqual(['code', 'message', 'details']);
  expect({ code: body.code, details: body.details }).toEqual({ code, details: [] });
  if (typeof message === 'string') expect(body.message).toBe(message);
  else expect(body.message).toMatch(message);
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the stage was not started');
  return part;
}

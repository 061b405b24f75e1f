import { expect } from '@jest/globals';
import { decodeBase64, encodeBase64 } from '@sigstead/encoding';
import type { Certificate, SignedCertificateTimestamp } from '@sigstead/x509';
import { POISON_EXTENSION } from '@sigstead/x509';
import type { AddChainResponse } from '../ct/ct-log.ts';
import { makeAuthority, type TestAuthority } from './authority.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from './postgres.ts';
import { install, startService, type Installation, type RunningService } from './service.ts';

export interface CtStageOptions {
  readonly authority?: TestAuthority;
  /** Further settings of the log. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly clock?: () => Date;
  /** Does something with the files before the service starts. */
  prepare?(installation: Installation): Promise<unknown>;
}

/** A PostgreSQL server and one service with a CT log on it, for a whole spec, and what a client of the log does. */
export class CtStage {
  readonly prefix = '/ctlog/2026';
  #parts:
    | {
        readonly postgres: TestPostgres;
        readonly database: TestDatabase;
        readonly authority: TestAuthority;
        readonly installation: Installation;
      }
    | undefined;
  readonly #services: RunningService[] = [];

  async start(options: CtStageOptions = {}): Promise<void> {
    const postgres = await startTestPostgres();
    const authority = options.authority ?? (await makeAuthority());
    this.#parts = {
      postgres,
      database: await postgres.createDatabase(),
      authority,
      installation: await install(authority, {}, options.settings),
    };
    await options.prepare?.(this.installation);
    await this.addReplica(options.clock);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map(({ service }) => service.close()));
    await this.#parts?.installation.remove();
    await this.#parts?.postgres.stop();
  }

  /** Another service on the same logs. */
  async addReplica(clock: () => Date = () => new Date()): Promise<RunningService> {
    const { installation, database } = this.#started;
    const service = await startService(installation, database.serviceUrl, clock, 0, 8 * 1024 * 1024);
    this.#services.push(service);
    return service;
  }

  get #started() {
    if (this.#parts === undefined) throw new Error('the stage was not started');
    return this.#parts;
  }

  get authority(): TestAuthority {
    return this.#started.authority;
  }

  get installation(): Installation {
    return this.#started.installation;
  }

  get database(): TestDatabase {
    return this.#started.database;
  }

  get url(): string {
    return (this.#services[0] as RunningService).url;
  }

  get(path: string, headers: Record<string, string> = {}, url = this.url): Promise<Response> {
    return fetch(`${url}${this.prefix}/${path}`, { headers });
  }

  async getJson<T>(path: string, url = this.url): Promise<T> {
    return (await ok(await this.get(path, {}, url))) as T;
  }

  post(endpoint: string, body: string | Uint8Array, url = this.url): Promise<Response> {
    return fetch(`${url}${this.prefix}/ct/v1/${endpoint}`, { method: 'POST', body: Buffer.from(body) });
  }

  /** @param chain DER, leaf first */
  submit(
    endpoint: 'add-chain' | 'add-pre-chain',
    chain: readonly Uint8Array[],
    url = this.url,
  ): Promise<Response> {
    return this.post(endpoint, JSON.stringify({ chain: chain.map(encodeBase64) }), url);
  }

  /** Issues and logs a precertificate. */
  async logged(url = this.url): Promise<{ certificate: Certificate; answer: AddChainResponse }> {
    const certificate = await this.authority.issue(POISON_EXTENSION);
    const chain = [certificate.raw, this.authority.intermediate.raw];
    const answer = (await ok(await this.submit('add-pre-chain', chain, url))) as AddChainResponse;
    return { certificate, answer };
  }
}

/** The JSON of an answer that must be 200. */
export async function ok(response: Response): Promise<unknown> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return JSON.parse(text);
}

/** The answer must be this refusal, as text. */
export async function expectRefusal(response: Response, status: number, detail: RegExp): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(text).toMatch(/^[A-Z][A-Za-z ]+\n./);
  expect(text).toMatch(detail);
}

export function sctOf(answer: AddChainResponse): SignedCertificateTimestamp {
  const signed = decodeBase64(answer.signature);
  return {
    version: 0,
    logId: decodeBase64(answer.id),
    timestampMs: BigInt(answer.timestamp),
    extensions: decodeBase64(answer.extensions),
    hashAlgorithm: signed[0] as number,
    signatureAlgorithm: signed[1] as number,
    signature: signed.subarray(4),
  };
}

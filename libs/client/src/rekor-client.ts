import type { JsonValue } from '@sigstead/encoding';
import { z } from 'zod';
import { assertStatus, call, expectJson, hostOf, type Call, type ServiceOptions } from './call.ts';
import { ClientError } from './errors.ts';

const index = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-fA-F]{64}$/);
const entryId = z.string().regex(/^(?:[0-9a-f]{16})?[0-9a-f]{64}$/);

const logEntry = z.object({
  body: z.string().max(4 * 1024 * 1024),
  integratedTime: index,
  logID: hash,
  logIndex: index,
  verification: z.object({
    signedEntryTimestamp: z.string().max(8192),
    inclusionProof: z.object({
      checkpoint: z.string().max(16_384),
      hashes: z.array(hash).max(64),
      logIndex: index,
      rootHash: hash,
      treeSize: index,
    }),
  }),
});
const logEntries = z.record(entryId, logEntry);

const logInfo = z.object({
  rootHash: hash,
  treeSize: index,
  treeID: z.string().regex(/^[0-9]{1,20}$/),
  signedTreeHead: z.string().max(16_384),
});
const consistencyProof = z.object({ rootHash: hash, hashes: z.array(hash).max(64) });

/** A log entry as Rekor v1 answers it, under its entry ID. Shape only: nothing in it has been verified. */
export type RekorLogEntry = { readonly uuid: string } & Readonly<z.infer<typeof logEntry>>;
export type RekorLogInfo = Readonly<z.infer<typeof logInfo>>;
export type RekorConsistencyProof = Readonly<z.infer<typeof consistencyProof>>;

/** Client of a Rekor v1 transparency log. */
export class RekorClient {
  constructor(readonly options: ServiceOptions) {}

  /**
   * Logs an entry and waits for its proofs. When the log already holds it (409, as after an answer that was lost), the
   * entry there is fetched and returned, so that asking twice is safe.
   */
  async create(entry: JsonValue): Promise<RekorLogEntry> {
    const asked: Call = {
      step: 'log entry',
      method: 'POST',
      path: '/api/v1/log/entries',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(entry),
    };
    const answer = await call(this.options, asked);
    if (answer.status === 409) {
      const uuid = /\/api\/v1\/log\/entries\/([0-9a-f]{64,80})$/.exec(
        answer.headers.get('location') ?? '',
      )?.[1];
      if (uuid !== undefined) return this.get(uuid);
    }
    return this.#single(asked, expectJson(this.options, asked, answer, [200, 201], logEntries));
  }

  /** @param uuid entry ID of 80 or leaf hash of 64 lower-case hex digits */
  async get(uuid: string): Promise<RekorLogEntry> {
    const asked: Call = {
      step: 'existing log entry',
      method: 'GET',
      path: `/api/v1/log/entries/${encodeURIComponent(uuid)}`,
    };
    const entry = this.#single(
      asked,
      expectJson(this.options, asked, await call(this.options, asked), [200], logEntries),
    );
    if (entry.uuid.slice(-64) === uuid.slice(-64)) return entry;
    throw this.#malformed(asked, 'answered with another entry than the one asked for');
  }

  async logInfo(): Promise<RekorLogInfo> {
    const asked: Call = { step: 'log info', method: 'GET', path: '/api/v1/log' };
    return expectJson(this.options, asked, await call(this.options, asked), [200], logInfo);
  }

  /** PEM text of the log's key. For display: trust comes from the trusted root. */
  async publicKey(): Promise<string> {
    const asked: Call = {
      step: 'log public key',
      method: 'GET',
      path: '/api/v1/log/publicKey',
      headers: { accept: '*/*' },
    };
    const answer = await call(this.options, asked);
    assertStatus(this.options, asked, answer, [200]);
    return new TextDecoder().decode(answer.bytes);
  }

  /** Consistency proof between two sizes of the active tree, or of `treeId`. */
  async proof(firstSize: bigint, lastSize: bigint, treeId?: string): Promise<RekorConsistencyProof> {
    const query = new URLSearchParams({ firstSize: String(firstSize), lastSize: String(lastSize) });
    if (treeId !== undefined) query.set('treeID', treeId);
    const asked: Call = { step: 'consistency proof', method: 'GET', path: `/api/v1/log/proof?${query}` };
    return expectJson(this.options, asked, await call(this.options, asked), [200], consistencyProof);
  }

  #single(asked: Call, entries: z.infer<typeof logEntries>): RekorLogEntry {
    const all = Object.entries(entries);
    const [first] = all;
    if (first === undefined || all.length !== 1)
      throw this.#malformed(asked, `answered with ${all.length} entries, want one`);
    return { uuid: first[0], ...first[1] };
  }

  #malformed({ step }: Call, what: string): ClientError {
    const host = hostOf(this.options.baseUrl);
    return new ClientError('MALFORMED', `${step}: ${host} ${what}`, { step, host });
  }
}

import { PrivateKeySigner, sha256, type Signer } from '@sigstead/crypto';
import { concatBytes, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { createPool } from '@sigstead/postgres';
import type { Pool } from 'pg';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Anchor } from '../anchor/anchor.ts';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { openDatabase } from '../engine/database.ts';
import { hostLog, type HostedLog, type HostLogOptions, type LogObserver } from '../engine/hosted-log.ts';
import type { Submission } from '../engine/submission.ts';

const ownSigner = PrivateKeySigner.generate('P-256');

/** What an observer was told, for tests to look at. */
export interface Observed {
  readonly batches: number[];
  readonly failures: unknown[];
  readonly refusals: string[];
  unknownOutcomes: number;
}

/** A replica: one sequencer with its own pool on a log that others may work on as well. */
export interface Replica {
  readonly log: HostedLog<string>;
  readonly pool: Pool;
  readonly anchorDirectory: string;
  readonly observed: Observed;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly databaseUrl: string;
  readonly anchorDirectory: string;
  readonly name?: string;
  readonly clock?: () => Date;
  readonly timestamps?: 'batch' | 'entry';
  readonly maxPending?: number;
  readonly maxPendingBytes?: number;
  readonly seal?: HostLogOptions<string>['seal'];
  /** A Rekor v1 log of that name unless given. */
  readonly identity?: HostLogOptions<string>['identity'];
  readonly anchor?: Anchor;
  /** One for all replicas of this process unless given. */
  readonly signer?: Signer;
}

export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const name = options.name ?? 'test';
  const connection = { url: options.databaseUrl, applicationName: 'test-replica' };
  const pool = createPool({ ...connection, max: 4 });
  const observed: Observed = { batches: [], failures: [], refusals: [], unknownOutcomes: 0 };
  const log = await hostLog({
    identity: options.identity ?? { kind: 'rekor-v1', name, origin: `test ${name}`, treeId: 1n },
    signer: options.signer ?? ownSigner,
    database: openDatabase(pool, connection),
    anchor: options.anchor ?? (await FileAnchor.open(join(options.anchorDirectory, name))),
    clock: options.clock ?? (() => new Date()),
    timestamps: options.timestamps ?? 'batch',
    seal: options.seal ?? ((head) => Promise.resolve(`sealed ${head.size}`)),
    observer: observe(observed),
    ...(options.maxPending === undefined ? {} : { maxPending: options.maxPending }),
    ...(options.maxPendingBytes === undefined ? {} : { maxPendingBytes: options.maxPendingBytes }),
  });
  return {
    log,
    pool,
    anchorDirectory: join(options.anchorDirectory, name),
    observed,
    close: async () => {
      await log.sequencer.close();
      await pool.end();
    },
  };
}

function observe(observed: Observed): LogObserver {
  return {
    queued: () => undefined,
    committed: (entries, duplicates) => observed.batches.push(entries + duplicates),
    published: () => undefined,
    batchFailed: (error) => observed.failures.push(error),
    outcomeUnknown: () => (observed.unknownOutcomes += 1),
    refused: (reason) => observed.refusals.push(reason),
  };
}

/** An entry made of a text; the same text is the same entry. */
export function submission(text: string, padding = 0): Submission {
  const entry = concatBytes(encodeUtf8(text), new Uint8Array(padding));
  const leafHash = hashLeaf(entry);
  return {
    identity: leafHash,
    searchKeys: [text.toLowerCase()],
    issuers: [],
    encode: () => ({ entry, leafHash }),
  };
}

/** An entry whose bytes depend on its place and time, as in a CT log. */
export function placedSubmission(text: string): Submission {
  return {
    identity: sha256(encodeUtf8(text)),
    searchKeys: [],
    issuers: [encodeUtf8('issuer')],
    encode: (index, timestampMs) => {
      const entry = encodeUtf8(`${text} ${index} ${timestampMs}`);
      return { entry, leafHash: hashLeaf(entry) };
    },
  };
}

export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sigstead-engine-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

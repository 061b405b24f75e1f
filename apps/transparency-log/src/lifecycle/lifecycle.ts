import { PrivateKeySigner } from '@sigstead/crypto';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { connect, runTransaction } from '@sigstead/postgres';
import { readSecret } from '@sigstead/server';
import { rekorOrigin } from '@sigstead/tlog';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Client } from 'pg';
import type { Anchor } from '../anchor/anchor.ts';
import { LogError, messageOf } from '../errors.ts';
import { createLogRow, freezeLogRow, listLogRows, type LogSummary } from '../storage/log-rows.ts';
import { readLogsDocument, writeLogsDocument, type LogsDocument } from './logs-document.ts';

export interface LifecycleContext {
  /** Connects as the owner of the tables: the service's own role may not change the state of a log. */
  readonly ownerUrl: string;
  readonly logsFile: string;
  /** The anchor of a log by its name. */
  readonly anchorOf: (name: string) => Promise<Anchor>;
}

export interface KeyFiles {
  /** PKCS#8 PEM, encrypted; made with a new P-256 key when there is no such file. */
  readonly keyFile: string;
  readonly passphraseFile: string;
}

export interface RekorShardOptions extends KeyFiles {
  readonly host: string;
  /** Decimal; a random one unless told. */
  readonly treeId?: string | undefined;
}

export interface RotateOptions extends Partial<KeyFiles> {
  readonly treeId?: string | undefined;
}

export interface Rotation {
  readonly frozen: string;
  /** Final size of the frozen shard, where indexes of the other one begin. */
  readonly treeLength: bigint;
  readonly active: string;
}

/** All logs of the database. */
export function listLogs({ ownerUrl }: Pick<LifecycleContext, 'ownerUrl'>): Promise<LogSummary[]> {
  return withOwner(ownerUrl, (client) => listLogRows(client));
}

/**
 * Makes the first Rekor v1 log: its key unless it is there, its row, its place in LOGS_FILE. A crash in between leaves a key or an
 * empty log that the same call takes up again.
 *
 * @returns name of the log
 * @throws LogError CONFIGURATION when there is one already: another shard of it is made by rotating
 */
export async function createRekorLog(context: LifecycleContext, options: RekorShardOptions): Promise<string> {
  const document = await readLogsDocument(context.logsFile);
  if (document.some(({ kind }) => kind === 'rekor-v1'))
    throw new LogError('CONFIGURATION', 'there is a rekor-v1 log already: rotate it to get another shard');
  const treeId = options.treeId ?? randomTreeId();
  const name = await makeRekorRow(context, { ...options, treeId });
  const { host, keyFile, passphraseFile } = relativeTo(context.logsFile, options);
  await writeLogsDocument(context.logsFile, [
    ...document,
    { kind: 'rekor-v1', treeId, host, keyFile, passphraseFile },
  ]);
  return name;
}

/**
 * Ends a log: replicas refuse entries from their next batch on, without a restart, and go on to serve what is in it. For good: there is
 * no command back.
 *
 * @returns final size
 * @throws LogError CONFIGURATION when there is no such log
 */
export function freezeLog({ ownerUrl }: Pick<LifecycleContext, 'ownerUrl'>, name: string): Promise<bigint> {
  return withOwner(ownerUrl, (client) =>
    runTransaction(client, (connection) => freezeLogRow(connection, name)),
  );
}

/**
 * Ends the active Rekor v1 shard and opens the next one, of the same log: same host, another tree ID, the same key unless told. Running
 * replicas read LOGS_FILE again and go on with the new shard; entries that come in between wait.
 *
 * It is also the way out when the log refuses to sign because its database was restored from an older backup: the old shard then stays
 * as long as was published, which the anchor knows, so that no index is given out twice.
 *
 * The row of the new shard comes first and LOGS_FILE last. A crash after the row leaves an empty log nobody serves; one after freezing
 * leaves a log without an active shard, and rotating again finishes.
 *
 * @throws LogError CONFIGURATION, ANCHOR or UNAVAILABLE when the anchor cannot tell how much was published
 */
export async function rotateRekorLog(context: LifecycleContext, options: RotateOptions): Promise<Rotation> {
  const document = await readLogsDocument(context.logsFile);
  const last = document.findLast(({ kind }) => kind === 'rekor-v1');
  if (last === undefined) throw new LogError('CONFIGURATION', 'there is no rekor-v1 log to rotate');
  const frozen = `rekor-v1-${String(last['treeId'])}`;
  const anchored = await (await context.anchorOf(frozen)).read();
  const treeId = options.treeId ?? randomTreeId();
  const folder = dirname(context.logsFile);
  const keys = {
    keyFile: options.keyFile ?? resolve(folder, String(last['keyFile'])),
    passphraseFile: options.passphraseFile ?? resolve(folder, String(last['passphraseFile'])),
  };
  const host = String(last['host']);
  const active = await makeRekorRow(context, { host, treeId, ...keys });
  const size = await freezeLog(context, frozen);
  const published = anchored?.size ?? 0n;
  const treeLength = published > size ? published : size;
  const next = { ...last, treeId, ...relativeTo(context.logsFile, keys) };
  await writeLogsDocument(
    context.logsFile,
    document.flatMap((log) => (log === last ? [ended(last, treeLength), next] : [log])),
  );
  return { frozen, treeLength, active };
}

/** What of the settings concerns the shard itself; the active one says the rest for all. */
function ended(
  { kind, treeId, host, keyFile, passphraseFile }: LogsDocument[number],
  treeLength: bigint,
): LogsDocument[number] {
  return { kind, treeId, host, keyFile, passphraseFile, treeLength: treeLength.toString() };
}

async function makeRekorRow(
  { ownerUrl }: LifecycleContext,
  { host, treeId, ...files }: RekorShardOptions & { treeId: string },
): Promise<string> {
  const { keyId } = openOrMakeKey(files).publicKey;
  const name = `rekor-v1-${treeId}`;
  const tree = BigInt(treeId);
  const identity = { kind: 'rekor-v1', name, origin: rekorOrigin(host, tree), treeId: tree, keyId } as const;
  await withOwner(ownerUrl, (client) => createLogRow(client, identity, { size: 0n, root: EMPTY_ROOT }));
  return name;
}

function openOrMakeKey({ keyFile, passphraseFile }: KeyFiles): PrivateKeySigner {
  try {
    const passphrase = readSecret(passphraseFile);
    try {
      writeFileSync(keyFile, PrivateKeySigner.generate('P-256').toEncryptedPem(passphrase), {
        flag: 'wx',
        mode: 0o600,
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    return PrivateKeySigner.fromPem(readFileSync(keyFile, 'utf8'), passphrase);
  } catch (cause) {
    throw new LogError('CONFIGURATION', `the key of the log: ${messageOf(cause)}`, { cause });
  }
}

/** A positive int64, as Trillian draws them. */
function randomTreeId(): string {
  const drawn = randomBytes(8).readBigUInt64BE() >> 1n;
  return drawn === 0n ? randomTreeId() : drawn.toString();
}

function relativeTo<T extends KeyFiles>(logsFile: string, files: T): T {
  const folder = dirname(resolve(logsFile));
  return {
    ...files,
    keyFile: relative(folder, resolve(files.keyFile)),
    passphraseFile: relative(folder, resolve(files.passphraseFile)),
  };
}

async function withOwner<T>(ownerUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect({ url: ownerUrl, applicationName: 'sigstead-logs' });
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

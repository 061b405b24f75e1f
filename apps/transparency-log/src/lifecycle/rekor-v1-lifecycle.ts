import { rekorOrigin } from '@sigstead/tlog';
import { randomBytes } from 'node:crypto';
import { LogError } from '../errors.ts';
import { freezeLog, makeLogRow, type LifecycleContext, type Succession } from './lifecycle.ts';
import { absolutePath, openOrMakeKey, relativeTo, type KeyFiles } from './log-key.ts';
import { readLogsDocument, writeLogsDocument, type LogsDocument } from './logs-document.ts';

export interface RekorShardOptions extends KeyFiles {
  readonly host: string;
  /** Decimal; a random one unless told. */
  readonly treeId?: string | undefined;
}

export interface RotateOptions extends Partial<KeyFiles> {
  readonly treeId?: string | undefined;
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
  const name = await makeShard(context, { ...options, treeId });
  const { host, keyFile, passphraseFile } = relativeTo(context.logsFile, options);
  await writeLogsDocument(context.logsFile, [
    ...document,
    { kind: 'rekor-v1', treeId, host, keyFile, passphraseFile },
  ]);
  return name;
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
 * @returns as its size where indexes of the next shard begin
 * @throws LogError CONFIGURATION, ANCHOR or UNAVAILABLE when the anchor cannot tell how much was published
 */
export async function rotateRekorLog(context: LifecycleContext, options: RotateOptions): Promise<Succession> {
  const { logsFile } = context;
  const document = await readLogsDocument(logsFile);
  const last = document.findLast(({ kind }) => kind === 'rekor-v1');
  if (last === undefined) throw new LogError('CONFIGURATION', 'there is no rekor-v1 log to rotate');
  const frozen = `rekor-v1-${String(last['treeId'])}`;
  const anchored = await (await context.anchorOf(frozen)).read();
  const treeId = options.treeId ?? randomTreeId();
  const keys = {
    keyFile: options.keyFile ?? absolutePath(logsFile, last['keyFile']),
    passphraseFile: options.passphraseFile ?? absolutePath(logsFile, last['passphraseFile']),
  };
  const host = String(last['host']);
  const active = await makeShard(context, { host, treeId, ...keys });
  const committed = await freezeLog(context, frozen);
  const published = anchored?.size ?? 0n;
  const size = published > committed ? published : committed;
  const next = { ...last, treeId, ...relativeTo(logsFile, keys) };
  await writeLogsDocument(
    logsFile,
    document.flatMap((log) => (log === last ? [ended(last, size), next] : [log])),
  );
  return { frozen, size, active };
}

/** What of the settings concerns the shard itself; the active one says the rest for all. */
function ended(
  { kind, treeId, host, keyFile, passphraseFile }: LogsDocument[number],
  treeLength: bigint,
): LogsDocument[number] {
  return { kind, treeId, host, keyFile, passphraseFile, treeLength: treeLength.toString() };
}

async function makeShard(
  context: LifecycleContext,
  { host, treeId, ...files }: RekorShardOptions & { treeId: string },
): Promise<string> {
  const { publicKey } = openOrMakeKey(files, 'P-256');
  const name = `rekor-v1-${treeId}`;
  const tree = BigInt(treeId);
  await makeLogRow(
    context,
    { kind: 'rekor-v1', name, origin: rekorOrigin(host, tree), treeId: tree },
    publicKey,
  );
  return name;
}

/** A positive int64, as Trillian draws them. */
function randomTreeId(): string {
  const drawn = randomBytes(8).readBigUInt64BE() >> 1n;
  return drawn === 0n ? randomTreeId() : drawn.toString();
}

import { join, dirname } from 'node:path';
import { LogError } from '../errors.ts';
import { rekorV2LogName } from '../rekor-v2/open-rekor-v2.ts';
import { freezeLog, makeLogRowOfOwnKey, type LifecycleContext, type Succession } from './lifecycle.ts';
import { absolutePath, openOrMakeKey, relativeTo, type KeyFiles } from './log-key.ts';
import { readLogsDocument, writeLogsDocument, type LogsDocument } from './logs-document.ts';

export type RekorV2KeyType = 'P-256' | 'Ed25519';

export interface RekorV2Options extends KeyFiles {
  readonly origin: string;
  /** Of a new key, P-256 unless told. */
  readonly keyType?: RekorV2KeyType | undefined;
  /** Served under its own path, while the shard that was active stays so: for the time until clients trust the new key. */
  readonly standby?: boolean | undefined;
}

export interface RotateRekorV2Options extends Partial<KeyFiles> {
  /** The next number of the year unless told, of origins like `log2026-1.<host>`. */
  readonly origin?: string | undefined;
  /** Of a new key; that of the shard before unless told. */
  readonly keyType?: RekorV2KeyType | undefined;
}

type Settings = LogsDocument[number];

/**
 * Makes the first Rekor v2 log, or a further shard that stands by: its key unless it is there, its row, its place in LOGS_FILE. A crash
 * in between leaves a key or an empty log that the same call takes up again.
 *
 * @returns name of the log
 * @throws LogError CONFIGURATION when there is one already and the new one is not to stand by
 */
export async function createRekorV2Log(context: LifecycleContext, options: RekorV2Options): Promise<string> {
  const document = await readLogsDocument(context.logsFile);
  const active = document.findLast(isRekorV2);
  if (active !== undefined && options.standby !== true)
    throw new LogError(
      'CONFIGURATION',
      'there is a rekor-v2 log already: rotate it, or make a shard that stands by',
    );
  const { origin, keyFile, passphraseFile } = relativeTo(context.logsFile, options);
  assertNewOrigin(document, origin);
  const name = await makeShard(context, options, 'P-256');
  const made = { ...active, kind: 'rekor-v2', origin, keyFile, passphraseFile };
  // The last one is active.
  const at = active === undefined ? document.length : document.indexOf(active);
  await writeLogsDocument(context.logsFile, document.toSpliced(at, 0, made));
  return name;
}

/**
 * Ends the active Rekor v2 shard and opens the next one, or the one that stands by: another origin, another key, the same settings.
 * Running replicas read LOGS_FILE again and go on with it; entries that come in between wait. The order is that of Rekor v1.
 *
 * It is also the way out when the log refuses to sign because its database was restored from an older backup.
 *
 * @throws LogError CONFIGURATION
 */
export async function rotateRekorV2Log(
  context: LifecycleContext,
  options: RotateRekorV2Options,
): Promise<Succession> {
  const { logsFile } = context;
  const document = await readLogsDocument(logsFile);
  const last = document.findLast(isRekorV2);
  if (last === undefined) throw new LogError('CONFIGURATION', 'there is no rekor-v2 log to rotate');
  const origin = options.origin ?? nextOrigin(String(last['origin']), context.clock());
  if (origin === last['origin'])
    throw new LogError('CONFIGURATION', `${origin} is the active shard: it cannot follow itself`);
  const standby = document.find((log) => isRekorV2(log) && log['origin'] === origin);
  const next = standby ?? (await openNext(context, last, { ...options, origin }));
  const frozen = rekorV2LogName(String(last['origin']));
  const size = await freezeLog(context, frozen);
  const others = document.filter((log) => log !== standby);
  await writeLogsDocument(logsFile, others.toSpliced(others.indexOf(last) + 1, 0, next));
  return { frozen, size, active: rekorV2LogName(origin) };
}

async function openNext(
  context: LifecycleContext,
  last: Settings,
  { origin, keyFile, passphraseFile, keyType }: RotateRekorV2Options & { origin: string },
): Promise<Settings> {
  const { logsFile } = context;
  const before = {
    keyFile: absolutePath(logsFile, last['keyFile']),
    passphraseFile: absolutePath(logsFile, last['passphraseFile']),
  };
  const files = {
    keyFile: keyFile ?? join(dirname(before.keyFile), `${rekorV2LogName(origin)}.pem`),
    passphraseFile: passphraseFile ?? before.passphraseFile,
  };
  const { type } = openOrMakeKey(before, 'P-256').publicKey;
  await makeShard(context, { ...files, origin, keyType }, type === 'Ed25519' ? type : 'P-256');
  return { ...last, origin, ...relativeTo(logsFile, files) };
}

async function makeShard(
  context: LifecycleContext,
  { origin, keyType, ...files }: RekorV2Options,
  usual: RekorV2KeyType,
): Promise<string> {
  const name = rekorV2LogName(origin);
  const { publicKey } = openOrMakeKey(files, keyType ?? usual);
  await makeLogRowOfOwnKey(context, { kind: 'rekor-v2', name, origin, treeId: undefined }, publicKey);
  return name;
}

function isRekorV2({ kind }: Settings): boolean {
  return kind === 'rekor-v2';
}

function assertNewOrigin(document: LogsDocument, origin: string): void {
  if (!document.some((log) => isRekorV2(log) && log['origin'] === origin)) return;
  throw new LogError('CONFIGURATION', `there is a rekor-v2 log ${origin} already`);
}

/** As the public logs count: `log2026-1`, `log2026-2`, `log2027-1`. */
function nextOrigin(origin: string, now: Date): string {
  const [, year, number, host] = /^log([0-9]{4})-([0-9]{1,6})\.(.+)$/.exec(origin) ?? [];
  if (year === undefined || number === undefined || host === undefined) {
    throw new LogError('CONFIGURATION', `the origin of the shard that follows ${origin} must be given`);
  }
  const thisYear = Math.max(now.getUTCFullYear(), Number(year));
  return `log${thisYear}-${thisYear === Number(year) ? Number(number) + 1 : 1}.${host}`;
}

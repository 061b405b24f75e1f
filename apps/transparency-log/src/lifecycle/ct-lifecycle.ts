import { dirname, join } from 'node:path';
import { ctLogName } from '../ct/open-ct.ts';
import { LogError } from '../errors.ts';
import { freezeLog, makeLogRowOfOwnKey, type LifecycleContext, type Succession } from './lifecycle.ts';
import { absolutePath, openOrMakeKey, relativePath, relativeTo, type KeyFiles } from './log-key.ts';
import { readLogsDocument, writeLogsDocument, type LogsDocument } from './logs-document.ts';

export interface CtOptions extends KeyFiles {
  readonly shard: string;
  /** `localhost/ctlog/<shard>` unless told. */
  readonly origin?: string | undefined;
  /** PEM. */
  readonly rootsFile: string;
}

export interface RotateCtOptions extends Partial<KeyFiles> {
  readonly shard: string;
  /** That of the log before with the last segment replaced unless told. */
  readonly origin?: string | undefined;
}

type Settings = LogsDocument[number];

/**
 * Makes a CT log: its key unless it is there, its row, its place in LOGS_FILE, where it becomes the active one. Any number of them may
 * take certificates: the ones before stay as they are until they are frozen.
 *
 * @returns name of the log
 * @throws LogError CONFIGURATION when there is such a shard already
 */
export async function createCtLog(context: LifecycleContext, options: CtOptions): Promise<string> {
  const { logsFile } = context;
  const document = await readLogsDocument(logsFile);
  const { keyFile, passphraseFile } = relativeTo(logsFile, options);
  const { shard, origin = defaultOrigin(shard) } = options;
  const rootsFile = relativePath(logsFile, options.rootsFile);
  assertNewShard(document, shard);
  await makeLog(context, { ...options, origin });
  const made = { kind: 'ct', shard, origin, keyFile, passphraseFile, rootsFile };
  await writeLogsDocument(logsFile, [...document, made]);
  return ctLogName(shard);
}

/**
 * Ends the active CT log and makes the next one, with a key of its own and the same roots and rules. A certificate authority that is to
 * go on without a break is given the next log first: create it, start the service again, and freeze the old one when it is out of use.
 *
 * @throws LogError CONFIGURATION
 */
export async function rotateCtLog(context: LifecycleContext, options: RotateCtOptions): Promise<Succession> {
  const { logsFile } = context;
  const document = await readLogsDocument(logsFile);
  const last = document.findLast(({ kind }) => kind === 'ct');
  if (last === undefined) throw new LogError('CONFIGURATION', 'there is no CT log to rotate');
  const { shard } = options;
  assertNewShard(document, shard);
  const lastShard = String(last['shard']);
  const lastOrigin = String(last['origin'] ?? defaultOrigin(lastShard));
  const origin = options.origin ?? lastOrigin.replace(/[^/]*$/, shard);
  const files = {
    keyFile:
      options.keyFile ?? join(dirname(absolutePath(logsFile, last['keyFile'])), `${ctLogName(shard)}.pem`),
    passphraseFile: options.passphraseFile ?? absolutePath(logsFile, last['passphraseFile']),
  };
  await makeLog(context, { shard, origin, ...files });
  const frozen = ctLogName(lastShard);
  const size = await freezeLog(context, frozen);
  const next: Settings = { ...last, shard, origin, ...relativeTo(logsFile, files) };
  await writeLogsDocument(logsFile, document.toSpliced(document.indexOf(last) + 1, 0, next));
  return { frozen, size, active: ctLogName(shard) };
}

async function makeLog(
  context: LifecycleContext,
  { shard, origin, ...files }: KeyFiles & { readonly shard: string; readonly origin: string },
): Promise<void> {
  const { publicKey } = openOrMakeKey(files, 'P-256');
  const log = { kind: 'ct', name: ctLogName(shard), origin, treeId: undefined } as const;
  await makeLogRowOfOwnKey(context, log, publicKey);
}

function assertNewShard(document: LogsDocument, shard: string): void {
  if (!document.some((log) => log['kind'] === 'ct' && log['shard'] === shard)) return;
  throw new LogError('CONFIGURATION', `there is a CT log ${shard} already`);
}

function defaultOrigin(shard: string): string {
  return `localhost/ctlog/${shard}`;
}

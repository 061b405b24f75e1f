import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logsFileSchema } from '../config.ts';
import { LogError, messageOf } from '../errors.ts';

/** LOGS_FILE as it stands, defaults and relative paths left as they are. */
export type LogsDocument = readonly Readonly<Record<string, unknown>>[];

/**
 * @returns an empty list when there is no file yet
 * @throws LogError CONFIGURATION when it is not a list of usable logs
 */
export async function readLogsDocument(path: string): Promise<LogsDocument> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new LogError('CONFIGURATION', `the list of logs cannot be read: ${messageOf(cause)}`, { cause });
  }
  assertUsable(value);
  return value as LogsDocument;
}

/**
 * Replaces the file as a whole: who reads meanwhile has the old list or the new one. A crash before the rename leaves the old list and
 * a file beside it that nobody reads.
 *
 * @throws LogError CONFIGURATION when a service could not use the list; then nothing is written
 */
export async function writeLogsDocument(path: string, document: LogsDocument): Promise<void> {
  assertUsable(document);
  const pending = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    const file = await open(pending, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(document, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(pending, path);
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    await unlink(pending).catch(() => undefined);
    throw new LogError('CONFIGURATION', `the list of logs cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function assertUsable(value: unknown): void {
  const parsed = logsFileSchema.safeParse(value);
  if (parsed.success) return;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'list'}: ${issue.message}`);
  throw new LogError('CONFIGURATION', `the list of logs is not usable: ${issues.join('; ')}`);
}

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresError } from './errors.ts';

/**
 * Claims a cluster folder for this process, so that a second start on the same folder fails instead of stopping the
 * first one's server. After a crash the file names a process that is gone (or a later one with the same number, told
 * apart by its start time) and the claim passes on.
 */
export async function claimDirectory(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'owner.json');
  const owner = await readFile(file, 'utf8').then(
    (text) => parseOwner(text),
    () => undefined,
  );
  if (owner !== undefined && owner.pid !== process.pid && (await startTime(owner.pid)) === owner.startTime) {
    throw new PostgresError('IN_USE', `${directory} is in use by process ${owner.pid}`);
  }
  const staged = `${file}.${process.pid}`;
  await writeFile(staged, JSON.stringify({ pid: process.pid, startTime: await startTime(process.pid) }));
  await rename(staged, file);
  return () => rm(file, { force: true });
}

/** Start time of a live process in the kernel's own unit, 'alive' where there is no /proc, undefined when it is gone. */
async function startTime(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? 'alive' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseOwner(text: string): { pid: number; startTime: string } | undefined {
  try {
    const value = JSON.parse(text) as { pid?: unknown; startTime?: unknown };
    if (typeof value.pid === 'number' && typeof value.startTime === 'string') {
      return { pid: value.pid, startTime: value.startTime };
    }
  } catch {
    // A torn file can only come from a crash: nobody owns the folder.
  }
  return undefined;
}

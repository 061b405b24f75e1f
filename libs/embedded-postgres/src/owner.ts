import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresError } from './errors.ts';

const MAX_ATTEMPTS = 5;

/**
 * Claims a folder for this process, so that a second start on the same folder fails before it changes anything there.
 * After a crash the file names a process that is gone (or a later one with the same number, told apart by its start
 * time) and the claim passes on. Of two that come at once, the file system lets one win.
 *
 * @returns gives the claim back
 * @throws PostgresError IN_USE with the number of the process that holds it
 */
export async function claimDirectory(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'owner.json');
  const staged = `${file}.${process.pid}`;
  await writeFile(staged, JSON.stringify({ pid: process.pid, startTime: await startTime(process.pid) }));
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await linkNew(staged, file)) return () => rm(file, { force: true });
      const owner = await readOwner(file);
      if (
        owner !== undefined &&
        owner.pid !== process.pid &&
        (await startTime(owner.pid)) === owner.startTime
      ) {
        throw new PostgresError('IN_USE', `${directory} is in use by process ${owner.pid}`);
      }
      await rm(file, { force: true });
    }
    throw new PostgresError('IN_USE', `${directory} is being claimed by other processes`);
  } finally {
    await rm(staged, { force: true });
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Promise<{ pid: number; startTime: string } | undefined> {
  return readFile(file, 'utf8').then(parseOwner, () => undefined);
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

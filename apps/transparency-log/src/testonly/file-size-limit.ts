import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * How long a file may become through a process and those it starts from then on (RLIMIT_FSIZE of setrlimit(2)). For whoever writes it is
 * a disk without room: writing beyond fails, what is there can be read and overwritten.
 */
export async function limitFileSize(pid: number, bytes: number | 'unlimited'): Promise<void> {
  // As the account of the process: not every root may change what is another account's.
  const { uid, gid } = await stat(`/proc/${pid}`);
  // The soft limit alone, so that it can be lifted again.
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], { uid, gid });
}

/** prlimit(1) of util-linux. */
export async function canLimitFileSize(): Promise<boolean> {
  return promisify(execFile)('prlimit', ['--version']).then(
    () => true,
    () => false,
  );
}

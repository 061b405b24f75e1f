import { readFileSync } from 'node:fs';

export interface ResidentMemory {
  /** MiB now. */
  readonly now: number;
  /** MiB at most, since the process began. */
  readonly most: number;
}

/** Physical memory of a process without its descendants; NaN where there is no /proc. */
export function residentMemory(pid: number | undefined): ResidentMemory {
  let status = '';
  try {
    status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  } catch {
    // Not Linux.
  }
  return { now: mebibytes(status, 'VmRSS'), most: mebibytes(status, 'VmHWM') };
}

/** proc(5), /proc/pid/status: `VmRSS:     123456 kB`. */
function mebibytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  return found === null ? Number.NaN : Number(found[1]) / 1024;
}

import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second of /proc; the kernel gives every program the same 100. */
const TICKS = 100;

/**
 * Processor time a process and its descendants have used, in milliseconds; nothing where there is no /proc. Descendants
 * count because PostgreSQL serves every connection from a process of its own.
 */
export function processorTime(pid: number): number | undefined {
  try {
    const processes = readProcesses();
    const family = new Set([pid]);
    // Parents come before their children often enough, but not always: until nothing is added.
    for (let size = 0; size !== family.size;) {
      size = family.size;
      for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
    }
    const ticks = processes
      .filter(({ id }) => family.has(id))
      .reduce((sum, process) => sum + process.ticks, 0);
    return (ticks * 1000) / TICKS;
  } catch {
    return undefined;
  }
}

interface ProcessRow {
  readonly id: number;
  readonly parent: number;
  /** Its own time and that of children it has waited for. */
  readonly ticks: number;
}

function readProcesses(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(Number(name), readFileSync(`/proc/${name}/stat`, 'latin1'))];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

/** proc(5), /proc/pid/stat: after the command in parentheses come state, ppid, ...; utime to cstime are fields 14 to 17. */
function parseStat(id: number, stat: string): ProcessRow {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { id, parent: Number(fields[1]), ticks };
}

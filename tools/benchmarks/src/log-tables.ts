import type { Instance } from '@sigstead/instance';
import { prepareEntries, read, submitEntries } from './log-load.ts';
import { LOAD_HEADING, loadColumns, measureLoad } from './measured-load.ts';
import { residentMemory } from './resident-memory.ts';
import type { Submissions } from './submissions.ts';
import { table } from './table.ts';

const READERS = 16;
const WARM_UP_CLIENTS = 64;
const WARM_UP_SECONDS = 3;
const PROCESSES = ['CPU ms: log', 'PostgreSQL', 'generator'] as const;

interface Measured {
  readonly instance: Instance;
  readonly title: string;
  readonly seconds: number;
}

export interface EntryTable extends Measured {
  readonly entries: Submissions;
  readonly clients: readonly number[];
}

export async function warmUp(instance: Instance, entries: Submissions, seconds: number): Promise<void> {
  const least = Math.min(seconds, WARM_UP_SECONDS);
  await submitEntries({ instance, entries, clients: WARM_UP_CLIENTS, seconds: least });
}

/** A row for each number of clients. */
export async function entryTable(measured: EntryTable): Promise<string> {
  const { instance, title, entries, seconds } = measured;
  const rows = [];
  for (const clients of measured.clients) {
    // Here, as what the generator spends on making is not what it spends on the load.
    await prepareEntries({ entries, seconds });
    const load = () => submitEntries({ instance, entries, clients, seconds });
    const { result, perRequest } = await measureLoad(processesOf(instance), load);
    const { now, most } = residentMemory(instance.service('transparencyLog').process.pid);
    rows.push([String(clients), ...loadColumns(result), ...perRequest, now, most]);
  }
  return table([`${title}: clients`, ...LOAD_HEADING, ...PROCESSES, 'log MiB', 'at most'], rows);
}

export interface ReadTable extends Measured {
  readonly paths: Readonly<Record<string, () => string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A row for each kind of path. */
export async function readTable({
  instance,
  title,
  paths,
  headers = {},
  seconds,
}: ReadTable): Promise<string> {
  const rows = [];
  for (const [name, path] of Object.entries(paths)) {
    const load = () => read({ instance, path, headers, clients: READERS, seconds });
    const { result, perRequest } = await measureLoad(processesOf(instance), load);
    rows.push([name, ...loadColumns(result), ...perRequest]);
  }
  return table([`${title}, ${READERS} clients`, ...LOAD_HEADING, ...PROCESSES], rows);
}

function processesOf(instance: Instance): (number | undefined)[] {
  return [instance.service('transparencyLog').process.pid, instance.postgres.pid];
}

import type { Instance } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { byTurns } from './by-turns.ts';
import { entryIdAt, logSize, prepareEntries, read, startLog, submitEntries } from './log-load.ts';
import { LOAD_HEADING, loadColumns, measureLoad } from './measured-load.ts';
import { residentMemory } from './resident-memory.ts';
import { SignedEntries } from './signed-entries.ts';
import { table } from './table.ts';

const CLIENTS = [1, 16, 64, 256] as const;
const THREADS_CLIENTS = 64;
const THREADS_ROUNDS = 4;
const READERS = 16;
const IDS = 256;
const WARM_UP_SECONDS = 3;
const PROCESSES = ['CPU ms: log', 'PostgreSQL', 'generator'] as const;

/**
 * Rekor v1 over HTTP: log and PostgreSQL as processes of this machine, which the load generator shares. Entries by number
 * of clients, then what a thread for checks is worth, then reads of the log that came of it.
 */
export async function benchmarkLog({ seconds, print }: BenchmarkOptions): Promise<void> {
  const entries = new SignedEntries();
  const instance = await startLog();
  try {
    await warmUp(instance, entries, seconds);
    print(await measureEntries(instance, entries, seconds));
    print('');
    print(await measureReads(instance, seconds));
  } finally {
    await instance.stop();
  }
  print('');
  print(await compareThreads(entries, seconds));
}

async function warmUp(instance: Instance, entries: SignedEntries, seconds: number): Promise<void> {
  await submitEntries({ instance, entries, clients: 64, seconds: Math.min(seconds, WARM_UP_SECONDS) });
}

function processesOf(instance: Instance): (number | undefined)[] {
  return [instance.service('transparencyLog').process.pid, instance.postgres.pid];
}

async function measureEntries(instance: Instance, entries: SignedEntries, seconds: number): Promise<string> {
  const rows = [];
  for (const clients of CLIENTS) {
    // Here, as what the generator spends on signing is not what it spends on the load.
    prepareEntries({ entries, seconds });
    const load = () => submitEntries({ instance, entries, clients, seconds });
    const { result, perRequest } = await measureLoad(processesOf(instance), load);
    const { now, most } = residentMemory(instance.service('transparencyLog').process.pid);
    rows.push([String(clients), ...loadColumns(result), ...perRequest, now, most]);
  }
  return table(['entries: clients', ...LOAD_HEADING, ...PROCESSES, 'log MiB', 'at most'], rows);
}

async function measureReads(instance: Instance, seconds: number): Promise<string> {
  const size = await logSize(instance);
  const anyIndex = () => Math.floor(Math.random() * size);
  const ids = await Promise.all(Array.from({ length: IDS }, () => entryIdAt(instance, anyIndex())));
  const paths: Readonly<Record<string, () => string>> = {
    'entry by index': () => `/api/v1/log/entries?logIndex=${anyIndex()}`,
    'entry by ID': () => `/api/v1/log/entries/${ids[anyIndex() % IDS] as string}`,
    'signed head': () => '/api/v1/log',
    'consistency proof': () => `/api/v1/log/proof?firstSize=${1 + anyIndex()}&lastSize=${size}`,
  };
  const rows = [];
  for (const [name, path] of Object.entries(paths)) {
    const load = () => read({ instance, path, clients: READERS, seconds });
    const { result, perRequest } = await measureLoad(processesOf(instance), load);
    rows.push([name, ...loadColumns(result), ...perRequest]);
  }
  return table([`reads of ${size} entries, ${READERS} clients`, ...LOAD_HEADING, ...PROCESSES], rows);
}

/** Two logs side by side, of which one is idle while the other is loaded. */
async function compareThreads(entries: SignedEntries, seconds: number): Promise<string> {
  const without = await startLog({ ADMISSION_THREADS: '0' });
  try {
    const withOne = await startLog({ ADMISSION_THREADS: '1' });
    try {
      const load = (instance: Instance) => () =>
        submitEntries({ instance, entries, clients: THREADS_CLIENTS, seconds });
      for (const instance of [without, withOne]) await warmUp(instance, entries, seconds);
      const { one, other, ratio } = await byTurns(THREADS_ROUNDS, load(without), load(withOne));
      return table(
        [`threads for checks, ${THREADS_CLIENTS} clients`, ...LOAD_HEADING],
        [
          ['0', ...loadColumns(one)],
          ['1', ...loadColumns(other)],
          ['1 divided by 0', ...loadColumns(ratio)],
        ],
      );
    } finally {
      await withOne.stop();
    }
  } finally {
    await without.stop();
  }
}

import type { Instance } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { byTurns } from './by-turns.ts';
import { entryIdAt, logSize, startLog, submitEntries } from './log-load.ts';
import { entryTable, readTable, warmUp } from './log-tables.ts';
import { LOAD_HEADING, loadColumns } from './measured-load.ts';
import { SignedEntries } from './signed-entries.ts';
import { table } from './table.ts';

const CLIENTS = [1, 16, 64, 256] as const;
const THREADS_CLIENTS = 64;
const THREADS_ROUNDS = 4;
const IDS = 256;

/**
 * Rekor v1 over HTTP: log and PostgreSQL as processes of this machine, which the load generator shares. Entries by number
 * of clients, then what a thread for checks is worth, then reads of the log that came of it.
 */
export async function benchmarkLog({ seconds, print }: BenchmarkOptions): Promise<void> {
  const entries = SignedEntries.forRekorV1();
  const instance = await startLog();
  try {
    await warmUp(instance, entries, seconds);
    print(await entryTable({ instance, title: 'entries', entries, clients: CLIENTS, seconds }));
    print('');
    print(await measureReads(instance, seconds));
  } finally {
    await instance.stop();
  }
  print('');
  print(await compareThreads(entries, seconds));
}

async function measureReads(instance: Instance, seconds: number): Promise<string> {
  const size = await logSize(instance);
  const anyIndex = () => Math.floor(Math.random() * size);
  const ids = await Promise.all(Array.from({ length: IDS }, () => entryIdAt(instance, anyIndex())));
  const paths = {
    'entry by index': () => `/api/v1/log/entries?logIndex=${anyIndex()}`,
    'entry by ID': () => `/api/v1/log/entries/${ids[anyIndex() % IDS] as string}`,
    'signed head': () => '/api/v1/log',
    'consistency proof': () => `/api/v1/log/proof?firstSize=${1 + anyIndex()}&lastSize=${size}`,
  };
  return readTable({ instance, title: `reads of ${size} entries`, paths, seconds });
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

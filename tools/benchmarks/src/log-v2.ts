import type { Started } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { startLog } from './log-load.ts';
import { entryTable, warmUp } from './log-tables.ts';
import { SignedEntries } from './signed-entries.ts';
import { addWitness } from './witness.ts';

const CLIENTS = [1, 16, 64, 256] as const;

/**
 * Rekor v2 over HTTP, each answer with its proof and checkpoint: by itself, then with one witness that cosigns every checkpoint and
 * without whose signature nothing is answered. Log, PostgreSQL and witness are processes of this machine, as is the load generator.
 */
export async function benchmarkLogV2({ seconds, print }: BenchmarkOptions): Promise<void> {
  const entries = SignedEntries.forRekorV2();
  const alone = await startLog();
  try {
    await warmUp(alone, entries, seconds);
    print(await entryTable({ instance: alone, title: 'entries', entries, clients: CLIENTS, seconds }));
  } finally {
    await alone.stop();
  }
  print('');
  let witness: Started | undefined;
  try {
    const instance = await startLog({}, async (prepared) => void (witness = await addWitness(prepared)));
    try {
      await warmUp(instance, entries, seconds);
      print(await entryTable({ instance, title: 'with a witness', entries, clients: CLIENTS, seconds }));
    } finally {
      await instance.stop();
    }
  } finally {
    await witness?.stop();
  }
}

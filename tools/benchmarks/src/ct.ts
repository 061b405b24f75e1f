import { installedLog, Precertificates } from '@sigstead/instance';
import { join } from 'node:path';
import type { BenchmarkOptions } from './benchmark.ts';
import { startLog } from './log-load.ts';
import { entryTable, warmUp } from './log-tables.ts';
import { PreparedPrecertificates } from './prepared-precertificates.ts';

const CLIENTS = [1, 16, 64] as const;

/** Precertificates of a P-384 authority, submitted over HTTP: their chain is verified, they are logged, the SCT is signed. */
export async function benchmarkCt({ seconds, print }: BenchmarkOptions): Promise<void> {
  const instance = await startLog();
  try {
    const { prefix } = await installedLog(instance, 'ct');
    const authority = await Precertificates.open(join(instance.directory, 'certificate-authority'));
    const entries = new PreparedPrecertificates(prefix, authority);
    await warmUp(instance, entries, seconds);
    print(await entryTable({ instance, title: 'precertificates', entries, clients: CLIENTS, seconds }));
  } finally {
    await instance.stop();
  }
}

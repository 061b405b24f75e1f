import { Instance } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { fill } from './engine-fill.ts';
import { table } from './table.ts';

/** One alone, what 64 clients can have waiting, and full batches of 256. */
const IN_FLIGHT = [1, 64, 1024] as const;
const WARM_UP = 8192;
/** The time ends it before. */
const ENDLESS = 1_000_000_000;

/** Batches into PostgreSQL by the engine in a process of its own: no HTTP, no check of signatures, nobody else on the log. */
export async function benchmarkEngine({ seconds, print }: BenchmarkOptions): Promise<void> {
  const instance = await Instance.prepare();
  try {
    const rows = [];
    for (const inFlight of IN_FLIGHT) {
      const report = await fill(instance, { warmUp: WARM_UP, entries: ENDLESS, seconds, inFlight });
      const { entries, p50, p95, processorMs } = report;
      rows.push([String(inFlight), entries / report.seconds, p50, p95, processorMs / entries]);
    }
    print(table(['in flight', 'per s', 'p50 ms', 'p95 ms', 'CPU ms of the engine'], rows));
  } finally {
    await instance.stop();
  }
}

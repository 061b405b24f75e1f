import type { Instance } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { byTurns, type Comparison } from './by-turns.ts';
import { fill, runSql } from './engine-fill.ts';
import { growthSteps } from './growth-steps.ts';
import { logSize, startLog, submitEntries } from './log-load.ts';
import { LOAD_HEADING, loadColumns } from './measured-load.ts';
import { SignedEntries } from './signed-entries.ts';
import { table } from './table.ts';

const CLIENTS = 64;
const ROUNDS = 3;
const WARM_UP_SECONDS = 3;
const PROGRESS_EVERY = 100_000;

/**
 * A log that grows beside one that stays small. At each size both are loaded over HTTP by turns, so that the ratio of their
 * latencies is that of the sizes and not of two moments of the machine.
 */
export async function benchmarkGrowth({ seconds, entries, print }: BenchmarkOptions): Promise<void> {
  const steps = growthSteps(entries);
  const small = await startLog();
  try {
    const large = await startLog();
    try {
      const signed = SignedEntries.forRekorV1();
      for (const instance of [small, large]) {
        await growTo(instance, steps[0] as number, print);
        const warmUp = Math.min(seconds, WARM_UP_SECONDS);
        await submitEntries({ instance, entries: signed, clients: CLIENTS, seconds: warmUp });
      }
      const rows: (string | number)[][] = [];
      for (const step of steps) {
        await growTo(large, step, print);
        for (const instance of [small, large]) await settle(instance);
        const sizes = [await logSize(small), await logSize(large)];
        const load = (instance: Instance) => () =>
          submitEntries({ instance, entries: signed, clients: CLIENTS, seconds });
        const comparison = await byTurns(ROUNDS, load(small), load(large));
        rows.push(...comparisonRows(sizes as [number, number], comparison));
        print(`\n${await tableSizes(large)}\n`);
      }
      print(table([`entries, ${CLIENTS} clients`, ...LOAD_HEADING], rows));
    } finally {
      await large.stop();
    }
  } finally {
    await small.stop();
  }
}

async function growTo(instance: Instance, size: number, print: (line: string) => void): Promise<void> {
  const before = await logSize(instance);
  if (before >= size) return;
  let told = 0;
  const report = await fill(instance, { entries: size - before }, ({ entries, seconds }) => {
    if (entries < told + PROGRESS_EVERY) return;
    told = entries;
    print(`${before + entries} entries, ${Math.round(entries / seconds)} per s`);
  });
  print(`filled to ${before + report.entries} entries, ${Math.round(report.entries / report.seconds)} per s`);
}

/** What filling left for PostgreSQL to do later is done before the clock runs: nobody logs at that rate. */
async function settle(instance: Instance): Promise<void> {
  await runSql(instance.ownerDatabaseUrl, 'VACUUM ANALYZE');
  await runSql(instance.postgres.url, 'CHECKPOINT');
}

function comparisonRows(
  [small, large]: readonly [number, number],
  { one, other, ratio }: Comparison,
): (string | number)[][] {
  return [
    [String(small), ...loadColumns(one)],
    [String(large), ...loadColumns(other)],
    [`${large} / ${small}`, ...loadColumns(ratio)],
  ];
}

/** With indexes and what is stored out of line. */
async function tableSizes(instance: Instance): Promise<string> {
  const size = await logSize(instance);
  const rows = await runSql(
    instance.ownerDatabaseUrl,
    `SELECT relname, pg_total_relation_size(oid)::float8 AS total, pg_indexes_size(oid)::float8 AS indexes
     FROM pg_class WHERE relnamespace = 'tlog'::regnamespace AND relkind = 'r' ORDER BY total DESC`,
  );
  const tables = rows.map(({ relname, total, indexes }) => ({
    name: String(relname),
    total: Number(total),
    indexes: Number(indexes),
  }));
  const whole = {
    name: 'all',
    total: tables.reduce((sum, { total }) => sum + total, 0),
    indexes: tables.reduce((sum, { indexes }) => sum + indexes, 0),
  };
  return table(
    [`tables at ${size} entries`, 'MiB', 'of it indexes', 'bytes per entry'],
    [...tables, whole].map(({ name, total, indexes }) => [
      name,
      total / 1024 ** 2,
      indexes / 1024 ** 2,
      total / size,
    ]),
  );
}

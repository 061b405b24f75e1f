import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { Ledger, type LogEntry } from './ledger.ts';
import { Tally, write } from './writer.ts';

export interface HammerOptions {
  readonly minutes: number;
  readonly writers: number;
  /** Mean seconds between two kills of a replica. */
  readonly killEvery: number;
  /** Mean seconds between two crashes of the database; 0: none. */
  readonly crashEvery: number;
}

export interface Report {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly found: number;
  readonly duplicates: number;
  /** In the final tree without that any client was told. */
  readonly untold: number;
  readonly treeSize: number;
  readonly checkpoints: number;
  readonly kills: number;
  readonly crashes: number;
  /** Replicas that found no database when they were started, and were started again. */
  readonly restarts: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly millisecondsP50: number;
  readonly millisecondsP95: number;
  readonly millisecondsP99: number;
  readonly violations: readonly string[];
}

/** Clients write, replicas and database fall; afterwards all that was said is compared with what is there. */
export async function hammer(cluster: Cluster, options: HammerOptions): Promise<Report> {
  const ledger = new Ledger(cluster);
  const tally = new Tally();
  const started = performance.now();
  const end = started + options.minutes * 60_000;
  const isOver = (): boolean => performance.now() >= end;
  const writers = Array.from({ length: options.writers }, (_, i) =>
    write({ urls: cluster.urls, name: `writer ${i}`, ledger, tally, isOver }),
  );
  const [kills, crashes] = await Promise.all([
    repeatedly(options.killEvery, isOver, () =>
      cluster.kill(Math.floor(Math.random() * cluster.urls.length)),
    ),
    repeatedly(options.crashEvery, isOver, () => cluster.crashDatabase()),
    ...writers,
  ]);
  await cluster.untilReady();
  const seconds = (performance.now() - started) / 1000;
  const { treeSize, untold } = await settle(cluster.urls, ledger);
  return {
    seconds,
    acknowledged: tally.acknowledged,
    found: tally.found,
    duplicates: tally.duplicates,
    untold,
    treeSize,
    checkpoints: ledger.checkpoints,
    kills,
    crashes,
    restarts: cluster.restarts,
    statuses: Object.fromEntries(tally.statuses),
    millisecondsP50: percentile(tally.latencies, 0.5),
    millisecondsP95: percentile(tally.latencies, 0.95),
    millisecondsP99: percentile(tally.latencies, 0.99),
    violations: ledger.violations,
  };
}

async function repeatedly(
  meanSeconds: number,
  isOver: () => boolean,
  act: () => Promise<void>,
): Promise<number> {
  if (meanSeconds === 0) return 0;
  for (let times = 0; ; times++) {
    const next = performance.now() + meanSeconds * 1000 * (0.5 + Math.random());
    while (performance.now() < next) {
      if (isOver()) return times;
      await delay(100);
    }
    await act();
  }
}

/** Every replica shows the same final tree; what no answer told of it is read now. */
async function settle(
  urls: readonly string[],
  ledger: Ledger,
): Promise<{ readonly treeSize: number; readonly untold: number }> {
  const heads = await Promise.all(
    urls.map(async (url) => {
      const { signedTreeHead } = await getJson<{ signedTreeHead: string }>(`${url}/api/v1/log`);
      return ledger.recordCheckpoint(signedTreeHead);
    }),
  );
  const final = heads[0];
  if (final === undefined) throw new RangeError('there are no replicas');
  if (heads.some(({ size, root }) => size !== final.size || root !== final.root))
    ledger.violations.push('the replicas show different trees');
  const missing: number[] = [];
  for (let index = 0; index < final.size; index++)
    if (ledger.leafAt(index) === undefined) missing.push(index);
  for (const [i, index] of missing.entries()) {
    const url = `${urls[i % urls.length] as string}/api/v1/log/entries?logIndex=${index}`;
    ledger.record(await getJson<Record<string, LogEntry>>(url));
  }
  await compareSample(urls, ledger, final.size);
  ledger.close(final);
  return { treeSize: final.size, untold: missing.length };
}

const SAMPLE = 1_000;

/** Acknowledged entries as they are read now: the same ones, under the final head. */
async function compareSample(urls: readonly string[], ledger: Ledger, size: number): Promise<void> {
  for (let i = 0; i < Math.min(SAMPLE, size); i++) {
    const index = Math.floor(Math.random() * size);
    const url = `${urls[i % urls.length] as string}/api/v1/log/entries?logIndex=${index}`;
    ledger.record(await getJson<Record<string, LogEntry>>(url));
  }
}

async function getJson<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
}

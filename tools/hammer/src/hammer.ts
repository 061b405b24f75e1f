import { setTimeout as delay } from 'node:timers/promises';
import { askAt, type Ask } from './ask.ts';
import type { Face, Head } from './face.ts';
import { Ledger } from './ledger.ts';
import { Tally } from './tally.ts';
import { watch } from './watch.ts';
import { write } from './writer.ts';

/** A log under the hammer. */
export interface Target {
  /** Of its replicas; what the paths of the face go behind. */
  readonly urls: readonly string[];
  readonly face: Face;
  /** What befalls it meanwhile, nothing when it is another's. */
  readonly falls?: Falls;
}

/** Ways in which a log of our own falls. */
export interface Falls {
  /** Replicas that ended by themselves at their start and were started again. */
  readonly restarts: number;
  kill(replica: number): Promise<void>;
  crashDatabase(): Promise<void>;
  untilReady(): Promise<void>;
}

export interface HammerOptions {
  readonly minutes: number;
  readonly writers: number;
  /** Mean seconds between two kills of a replica; 0: none. */
  readonly killEvery: number;
  /** Mean seconds between two crashes of the database; 0: none. */
  readonly crashEvery: number;
}

export interface Report {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly found: number;
  readonly duplicates: number;
  /** In the final tree without that any client here was told. */
  readonly untold: number;
  readonly treeSize: number;
  readonly checkpoints: number;
  readonly kills: number;
  readonly crashes: number;
  readonly restarts: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly millisecondsP50: number;
  readonly millisecondsP95: number;
  readonly millisecondsP99: number;
  readonly violations: readonly string[];
}

/** A log that breaks so many promises is not hammered on. */
const MAX_VIOLATIONS = 1_000;
/** Entries whose proofs are read again at the end. */
const SAMPLE = 1_000;

/** Clients write, replicas and database fall; afterwards all that was said is compared with what is there. */
export async function hammer(target: Target, options: HammerOptions): Promise<Report> {
  const { urls, face, falls } = target;
  const ledger = new Ledger();
  const tally = new Tally();
  const started = performance.now();
  const end = started + options.minutes * 60_000;
  const isOver = (): boolean => performance.now() >= end || ledger.violations.length >= MAX_VIOLATIONS;
  const [kills, crashes] = await Promise.all([
    repeatedly(options.killEvery, isOver, () => falls?.kill(Math.floor(Math.random() * urls.length))),
    repeatedly(options.crashEvery, isOver, () => falls?.crashDatabase()),
    watch({ urls, face, ledger, isOver }),
    ...Array.from({ length: options.writers }, () => write({ urls, face, ledger, tally, isOver })),
  ]);
  await falls?.untilReady();
  const seconds = (performance.now() - started) / 1000;
  const told = ledger.entries;
  const final = await settle(target, ledger);
  return {
    seconds,
    acknowledged: tally.acknowledged,
    found: tally.found,
    duplicates: tally.duplicates,
    untold: ledger.entries - told,
    treeSize: Number(final.size),
    checkpoints: ledger.checkpoints,
    kills,
    crashes,
    restarts: falls?.restarts ?? 0,
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
  act: () => Promise<void> | undefined,
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

/** What no answer told of the tree is read now, and everything compared. */
async function settle({ urls, face, falls }: Target, ledger: Ledger): Promise<Head> {
  const asks = urls.map(askAt);
  const heads: Head[] = [];
  for (const ask of asks) {
    const head = await face.head(ask);
    if (head === undefined) throw new Error('a replica shows no head');
    ledger.recordHead(head);
    heads.push(head);
  }
  const final = heads.reduce((a, b) => (b.size > a.size ? b : a));
  // Nobody else writes to a log of our own.
  if (falls !== undefined && heads.some(({ size }) => size !== final.size))
    ledger.violate(`the replicas show trees of ${heads.map(({ size }) => size).join(' and ')} entries`);
  try {
    await face.readTree(asks, final, ledger);
    await verifySample(asks, face, final, ledger);
  } catch (error) {
    ledger.violate((error as Error).message);
  }
  ledger.close(final);
  return final;
}

async function verifySample(asks: readonly Ask[], face: Face, final: Head, ledger: Ledger): Promise<void> {
  const size = Number(final.size);
  for (let i = 0; i < Math.min(SAMPLE, size); i++) {
    const place = ledger.at(Math.floor(Math.random() * size));
    if (place !== undefined) await face.verifyAgain(asks[i % asks.length] as Ask, place, final);
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
}

import { performance } from 'node:perf_hooks';
import type { Sequencer } from '../engine/sequencer.ts';
import type { Submission } from '../engine/submission.ts';

export interface FillOptions {
  readonly sequencer: Pick<Sequencer<unknown>, 'submit'>;
  readonly make: () => Submission;
  /** Appended before anything counts: a process is slow until its code has been compiled. */
  readonly warmUp: number;
  /** Appended at most, those not counted. */
  readonly entries: number;
  /** Spent appending at most. */
  readonly seconds: number;
  /** Submissions waiting at once; a batch takes 256 of them. */
  readonly inFlight: number;
  readonly onProgress: (progress: FillProgress) => void;
}

export interface FillProgress {
  /** Appended so far. */
  readonly entries: number;
  /** Wall clock of the appending alone: entries are made before. */
  readonly seconds: number;
  /** Processor time of this process meanwhile. */
  readonly processorMs: number;
}

export interface FillReport extends FillProgress {
  /** Of one submission, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
}

/** Entries made ahead, so that making them and appending them are told apart. */
const ROUND = 8192;

const WARM_UP_IN_FLIGHT = 64;

/** Appends through the sequencer of a log, checking nothing: what the engine does alone. */
export async function fill({
  warmUp,
  entries,
  seconds,
  onProgress,
  ...options
}: FillOptions): Promise<FillReport> {
  const { sequencer, make } = options;
  const early = Array.from({ length: warmUp }, make);
  await append(early, { sequencer, inFlight: WARM_UP_IN_FLIGHT }, Infinity, []);
  const latencies: number[] = [];
  let spent = { seconds: 0, processorMs: 0 };
  while (latencies.length < entries && spent.seconds < seconds) {
    const round = Array.from({ length: Math.min(ROUND, entries - latencies.length) }, make);
    const startedAt = performance.now();
    const before = process.cpuUsage();
    await append(round, options, startedAt + (seconds - spent.seconds) * 1000, latencies);
    const { user, system } = process.cpuUsage(before);
    spent = {
      seconds: spent.seconds + (performance.now() - startedAt) / 1000,
      processorMs: spent.processorMs + (user + system) / 1000,
    };
    onProgress({ entries: latencies.length, ...spent });
  }
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? 0;
  return { entries: latencies.length, ...spent, p50: percentile(0.5), p95: percentile(0.95) };
}

async function append(
  submissions: readonly Submission[],
  { sequencer, inFlight }: Pick<FillOptions, 'sequencer' | 'inFlight'>,
  endAt: number,
  latencies: number[],
): Promise<void> {
  // One iterator for all: each takes what no other has taken.
  const rest = submissions.values();
  const submitOneByOne = async () => {
    for (const submission of rest) {
      const sentAt = performance.now();
      if (sentAt >= endAt) return;
      await sequencer.submit(submission);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, submitOneByOne));
}

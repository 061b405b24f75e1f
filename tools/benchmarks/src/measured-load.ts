import type { LoadFigures, LoadResult } from './closed-loop.ts';
import { processorTime } from './processor-time.ts';

export interface MeasuredLoad {
  readonly result: LoadResult;
  /** Processor time of each process, and last of this one, in milliseconds per request; NaN where it cannot be told. */
  readonly perRequest: readonly number[];
}

/** A load, and what the processes that bear it spent on it. */
export async function measureLoad(
  processes: readonly (number | undefined)[],
  load: () => Promise<LoadResult>,
): Promise<MeasuredLoad> {
  const before = processorTimes(processes);
  const result = await load();
  const after = processorTimes(processes);
  const perRequest = after.map((time, i) => (time - (before[i] as number)) / result.requests);
  return { result, perRequest };
}

export const LOAD_HEADING = ['per s', 'p50 ms', 'p95 ms', 'p99 ms'] as const;

export function loadColumns({ perSecond, p50, p95, p99 }: LoadFigures): number[] {
  return [perSecond, p50, p95, p99];
}

function processorTimes(processes: readonly (number | undefined)[]): number[] {
  const times = processes.map((pid) => (pid === undefined ? undefined : processorTime(pid)) ?? Number.NaN);
  const { user, system } = process.cpuUsage();
  return [...times, (user + system) / 1000];
}

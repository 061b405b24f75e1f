import { performance } from 'node:perf_hooks';
import { percentile, type LoadResult } from './closed-loop.ts';

/** One call after the other in this process, for so long. */
export function callLoad(seconds: number, call: (at: number) => void): LoadResult {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  for (let at = 0, now = startedAt; now < endAt; at++) {
    call(at);
    const doneAt = performance.now();
    latencies.push(doneAt - now);
    now = doneAt;
  }
  const took = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    perSecond: latencies.length / took,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
  };
}

import { performance } from 'node:perf_hooks';
import { percentile } from './closed-loop.ts';

const BATCHES = 15;

/**
 * Milliseconds per call of something that runs in this process: the median over batches, so that a moment in which the
 * machine did something else does not count.
 */
export async function timePerCall(call: () => unknown, callsPerBatch: number): Promise<number> {
  for (let i = 0; i < callsPerBatch; i++) await call();
  const batches: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const startedAt = performance.now();
    for (let i = 0; i < callsPerBatch; i++) await call();
    batches.push((performance.now() - startedAt) / callsPerBatch);
  }
  return percentile(
    batches.sort((a, b) => a - b),
    0.5,
  );
}

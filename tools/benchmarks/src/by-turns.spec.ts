import { describe, expect, it } from '@jest/globals';
import { byTurns } from './by-turns.ts';
import type { LoadResult } from './closed-loop.ts';

describe('two loads by turns', () => {
  const order: string[] = [];
  const load = (name: string, latencies: readonly number[]) => {
    let round = 0;
    return (): Promise<LoadResult> => {
      order.push(name);
      const ms = latencies[round++] as number;
      return Promise.resolve({
        requests: 1,
        perSecond: 1000 / ms,
        p50: ms,
        p95: 2 * ms,
        p99: 3 * ms,
      });
    };
  };

  it('alternate who begins, and are compared round by round', async () => {
    // The machine is ten times slower in the second round, for both.
    const { one, other, ratio } = await byTurns(3, load('a', [1, 10, 2]), load('b', [2, 20, 4]));
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(one).toEqual({ perSecond: 500, p50: 2, p95: 4, p99: 6 });
    expect(other).toEqual({ perSecond: 250, p50: 4, p95: 8, p99: 12 });
    expect(ratio).toEqual({ perSecond: 0.5, p50: 2, p95: 2, p99: 2 });
  });
});

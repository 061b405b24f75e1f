import { describe, expect, it } from '@jest/globals';
import { callLoad } from './call-load.ts';

describe('callLoad', () => {
  it('counts every call, and gives each its number', () => {
    const numbers: number[] = [];
    const { requests, perSecond, p50, p99 } = callLoad(0.05, (at) => void numbers.push(at));
    expect(numbers).toEqual(Array.from({ length: requests }, (_, at) => at));
    expect(perSecond).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  });

  it('ends with what a call throws', () => {
    expect(() =>
      callLoad(10, () => {
        throw new Error('refused');
      }),
    ).toThrow('refused');
  });
});

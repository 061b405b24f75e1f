import { describe, expect, it } from '@jest/globals';
import { growthSteps } from './growth-steps.ts';

describe('the steps of growth', () => {
  it('are powers of ten from 10^4, and end with what was asked for', () => {
    expect(growthSteps(1_000_000)).toEqual([10_000, 100_000, 1_000_000]);
    expect(growthSteps(250_000)).toEqual([10_000, 100_000, 250_000]);
    expect(growthSteps(500)).toEqual([500]);
  });
});

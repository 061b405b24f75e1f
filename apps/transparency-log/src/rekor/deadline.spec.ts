import { describe, expect, it } from '@jest/globals';
import { withDeadline } from './deadline.ts';

describe('withDeadline', () => {
  it('passes on what is done in time, and what fails', async () => {
    expect(await withDeadline(Promise.resolve(1), 60_000)).toBe(1);
    await expect(withDeadline(Promise.reject(new Error('x')), 60_000)).rejects.toThrow('x');
  });

  it('answers 504 to what never ends', async () => {
    await expect(withDeadline(new Promise(() => undefined), 1)).rejects.toMatchObject({ status: 504 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { SharedRead } from './shared-read.ts';

/** Reads that end when the test says so. */
function controlled(): {
  read: () => Promise<number>;
  finish: (fail?: boolean) => Promise<void>;
  started: () => number;
} {
  const open: { resolve(value: number): void; reject(error: Error): void; value: number }[] = [];
  let started = 0;
  return {
    read: () => new Promise((resolve, reject) => open.push({ resolve, reject, value: ++started })),
    finish: async (fail = false) => {
      const oldest = open.shift();
      if (fail) oldest?.reject(new Error(`read ${oldest.value} failed`));
      else oldest?.resolve(oldest.value);
      await new Promise((resolve) => setImmediate(resolve));
    },
    started: () => started,
  };
}

describe('SharedRead', () => {
  it('gives those who come during a read the next one, once for all of them', async () => {
    const { read, finish, started } = controlled();
    const shared = new SharedRead(read);
    const first = shared.get();
    const later = [shared.get(), shared.get(), shared.get()];
    expect(started()).toBe(1);
    await finish();
    expect(await first).toBe(1);
    const last = shared.get();
    await finish();
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    await finish();
    expect(await last).toBe(3);
    expect(started()).toBe(3);
  });

  it('reads again after a failure', async () => {
    const { read, finish } = controlled();
    const shared = new SharedRead(read);
    const first = shared.get().catch((error: Error) => error.message);
    const second = shared.get();
    await finish(true);
    expect(await first).toBe('read 1 failed');
    await finish();
    expect(await second).toBe(2);
    const third = shared.get();
    await finish();
    expect(await third).toBe(3);
  });
});

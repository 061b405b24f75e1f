import { describe, expect, it } from '@jest/globals';
import type { Anchor, AnchoredHead } from './anchor.ts';
import { TimedAnchor } from './timed-anchor.ts';

const head: AnchoredHead = { size: 1n, root: new Uint8Array(32), version: 'v' };

describe('TimedAnchor', () => {
  it('gives what the anchor gives', async () => {
    const anchor: Anchor = { read: async () => head, compareAndSwap: async (expected) => expected === 'v' };
    const timed = new TimedAnchor(anchor, 10_000);
    expect(await timed.read()).toBe(head);
    expect(await timed.compareAndSwap('v', head)).toBe(true);
    expect(await timed.compareAndSwap('w', head)).toBe(false);
  });

  it('gives up on storage that hangs, asks it no further, and asks again once it has answered', async () => {
    const answers: ((value: AnchoredHead | undefined) => void)[] = [];
    let calls = 0;
    const anchor: Anchor = {
      read: () => {
        calls += 1;
        return calls > 2 ? Promise.resolve(head) : new Promise((resolve) => answers.push(resolve));
      },
      compareAndSwap: () => Promise.resolve(true),
    };
    const timed = new TimedAnchor(anchor, 5);
    for (let i = 0; i < 2; i++) {
      await expect(timed.read()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /within 5 ms/ });
    }
    await expect(timed.read()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /2 calls/ });
    expect(calls).toBe(2);
    for (const answer of answers) answer(head);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await timed.read()).toBe(head);
  });
});

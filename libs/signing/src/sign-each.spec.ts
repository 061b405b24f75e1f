import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { SigningError } from './errors.ts';
import { signEach, signMany } from './sign-each.ts';
import { keySourceOf, managedKey } from './signing-key.ts';

const key = managedKey(PrivateKeySigner.generate('P-256'));
const keys = keySourceOf(key);
const items = Array.from({ length: 50 }, (_, i) => i);
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('signMany', () => {
  it('has an outcome for each, in order, and tells each as it comes', async () => {
    const told: number[] = [];
    const outcomes = await signMany(
      keys,
      items,
      async (lent, item) => {
        if (item % 2 === 0) await soon();
        return [lent === key, item];
      },
      { onOutcome: ({ index }) => told.push(index) },
    );
    expect(outcomes).toEqual(items.map((index) => ({ index, result: [true, index] })));
    expect(told).toHaveLength(50);
    expect([...told].sort((a, b) => a - b)).toEqual(items);
  });

  it('lets what fails take nothing else along', async () => {
    const outcomes = await signMany(keys, items, async (_key, item) => {
      if (item === 7) throw new SigningError('log', 'CALL_FAILED', 'the log is down');
      return item;
    });
    expect(outcomes.filter((outcome) => 'error' in outcome)).toMatchObject([
      { index: 7, error: { step: 'log' } },
    ]);
    expect(outcomes).toHaveLength(50);
  });

  it('has as many under way as it may, and no more', async () => {
    let running = 0;
    let most = 0;
    await signMany(
      keys,
      items,
      async () => {
        most = Math.max(most, ++running);
        await soon();
        running--;
      },
      { concurrency: 7 },
    );
    expect(most).toBe(7);
  });

  it('fails every item when there is no key', async () => {
    const error = new SigningError('certificate', 'CALL_FAILED', 'no certificate');
    const outcomes = await signMany({ key: () => Promise.reject(error) }, items, () => Promise.resolve(1));
    expect(outcomes).toEqual(items.map((index) => ({ index, error })));
  });

  it('does not take a defect for an outcome', async () => {
    const work = signMany(keys, items, async (_key, item) => {
      if (item === 7) throw new TypeError('a defect');
    });
    await expect(work).rejects.toThrow('a defect');
  });
});

describe('signEach', () => {
  it('begins nothing more once it was told to stop, and finishes what was begun', async () => {
    const stop = new AbortController();
    let begun = 0;
    let ended = 0;
    const outcomes: number[] = [];
    const sign = async () => {
      begun++;
      await soon();
      ended++;
    };
    for await (const { index } of signEach(keys, items, sign, { concurrency: 4, signal: stop.signal })) {
      outcomes.push(index);
      stop.abort();
    }
    expect([begun, ended, outcomes.length]).toEqual([4, 4, 4]);
  });

  it('waits for what was begun when its reader leaves', async () => {
    let ended = 0;
    const sign = async (_key: unknown, item: number) => {
      if (item > 0) await soon();
      ended++;
    };
    for await (const outcome of signEach(keys, items, sign, { concurrency: 4 })) {
      expect(outcome.index).toBe(0);
      break;
    }
    expect(ended).toBe(4);
  });
});

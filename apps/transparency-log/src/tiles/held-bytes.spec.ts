import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HeldBytes } from './held-bytes.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A reference that was looked at is not given up within the same turn of the event loop. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('HeldBytes', () => {
  it('keeps what was used last, within its bound', () => {
    const bytes = new HeldBytes(100);
    bytes.set('a', new Uint8Array(60).fill(1));
    expect(bytes.get('a')).toEqual(new Uint8Array(60).fill(1));
    expect(bytes.get('b')).toBeUndefined();
  });

  it('finds what is too much to keep as long as somebody has a part of it, and forgets it after that', async () => {
    const bytes = new HeldBytes(10);
    const held: { part: Uint8Array | undefined } = { part: undefined };
    (() => {
      const made = new Uint8Array(1000).fill(7).subarray(100, 900);
      bytes.set('large', made);
      held.part = made.subarray(5, 6);
    })();
    await nextTurn();
    collectGarbage();
    expect(bytes.get('large')).toEqual(new Uint8Array(800).fill(7));
    expect(bytes.get('large')?.buffer).toBe(held.part?.buffer);
    held.part = undefined;
    await nextTurn();
    collectGarbage();
    expect(bytes.get('large')).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { SubmissionQueue } from './submission-queue.ts';

function queueOf(...bytes: number[]): SubmissionQueue<{ bytes: number }> {
  const queue = new SubmissionQueue<{ bytes: number }>({ entries: 4, bytes: 100 });
  for (const each of bytes) queue.push({ bytes: each });
  return queue;
}

const everything = { entries: 99, bytes: 9999 };

describe('SubmissionQueue', () => {
  it('is full by number or by bytes, and takes one of any size', () => {
    expect(() => queueOf(1, 1, 1).assertRoom(1)).not.toThrow();
    expect(() => queueOf(1, 1, 1, 1).assertRoom(1)).toThrow(/4 entries are waiting/);
    expect(() => queueOf(60).assertRoom(40)).not.toThrow();
    expect(() => queueOf(60).assertRoom(41)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    expect(() => queueOf().assertRoom(1000)).not.toThrow();
  });

  it('gives from the front what fits, at least one', () => {
    const queue = queueOf(5, 6, 7, 8);
    expect(queue.take({ entries: 2, bytes: 9999 })).toEqual([{ bytes: 5 }, { bytes: 6 }]);
    expect(queue.take({ entries: 9, bytes: 14 })).toEqual([{ bytes: 7 }]);
    expect(queue.take({ entries: 9, bytes: 1 })).toEqual([{ bytes: 8 }]);
    expect(queue.take(everything)).toEqual([]);
  });

  it('puts back in order, and counts what it holds', () => {
    const queue = queueOf(90, 5);
    const taken = queue.take({ entries: 1, bytes: 9999 });
    queue.assertRoom(95);
    queue.putBack(taken);
    expect(() => queue.assertRoom(6)).toThrow();
    expect(queue.take(everything)).toEqual([{ bytes: 90 }, { bytes: 5 }]);
    expect(queue.length).toBe(0);
  });
});

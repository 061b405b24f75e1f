import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frameEntries, locateEntry, unframeEntries } from './chunk-framing.ts';

const entries = fc.array(fc.uint8Array({ maxLength: 70_000 }), { minLength: 1, maxLength: 8 });

describe('frameEntries', () => {
  it('gives back what it was given, whole or one at a time', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const framed = frameEntries(given);
        const taken = unframeEntries(framed, given.length);
        const lengths = framed.subarray(0, 4 * given.length);
        given.forEach((entry, i) => {
          const { offset, length } = locateEntry(lengths, i);
          expect(Buffer.compare(taken[i] as Uint8Array, entry)).toBe(0);
          expect(Buffer.compare(framed.subarray(offset, offset + length), entry)).toBe(0);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('refuses bytes that do not fit the lengths', () => {
    const framed = frameEntries([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    for (const [bytes, n] of [
      [framed.subarray(0, -1), 2],
      [framed, 1],
      [framed.subarray(0, 7), 2],
    ] as const) {
      expect(() => unframeEntries(bytes, n)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
    }
    expect(() => locateEntry(framed.subarray(0, 8), 2)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeEntryBundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRY, parseEntryBundle } from './entry-bundle.ts';

const refusal = (code: string): unknown => expect.objectContaining({ name: 'TilesError', code });
const entry = fc.uint8Array({ maxLength: 300 });

describe('entry bundle', () => {
  it('is a length and the bytes of each entry', () => {
    const bundle = encodeEntryBundle([Uint8Array.of(7, 8), new Uint8Array(0), new Uint8Array(258).fill(9)]);
    expect([...bundle.subarray(0, 8)]).toEqual([0, 2, 7, 8, 0, 0, 1, 2]);
    expect(bundle).toHaveLength(8 + 258);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 256 }), (entries) => {
        expect(parseEntryBundle(encodeEntryBundle(entries), entries.length)).toEqual(entries);
      }),
    );
  });

  it('of fewer entries is the beginning of the one with more', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), entry, (entries, next) => {
        const short = encodeEntryBundle(entries);
        const long = encodeEntryBundle([...entries, next]);
        expect(long.subarray(0, short.length)).toEqual(short);
      }),
    );
  });

  it('takes the longest entry and refuses a longer one', () => {
    const longest = new Uint8Array(MAX_BUNDLE_ENTRY);
    expect(parseEntryBundle(encodeEntryBundle([longest]), 1)[0]).toHaveLength(65_535);
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(refusal('LIMIT'));
  });

  it('takes 256 entries and refuses one more', () => {
    const entries = Array.from({ length: 256 }, () => new Uint8Array(MAX_BUNDLE_ENTRY));
    expect(encodeEntryBundle(entries)).toHaveLength(MAX_BUNDLE_BYTES);
    expect(() => encodeEntryBundle([...entries, new Uint8Array(0)])).toThrow(refusal('LIMIT'));
  });

  it('refuses another number of entries than wanted', () => {
    const bundle = encodeEntryBundle([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(() => parseEntryBundle(bundle, 1)).toThrow(refusal('BUNDLE'));
    expect(() => parseEntryBundle(bundle, 3)).toThrow(refusal('BUNDLE'));
    expect(() => parseEntryBundle(new Uint8Array(0), 1)).toThrow(refusal('BUNDLE'));
  });

  it('refuses a bundle cut off anywhere', () => {
    const bundle = encodeEntryBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    for (let length = 0; length < bundle.length; length++) {
      expect(() => parseEntryBundle(bundle.subarray(0, length), 2)).toThrow(refusal('BUNDLE'));
    }
  });
});

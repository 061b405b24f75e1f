import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageReader } from './message-reader.ts';
import { refusal } from './testonly/refusal.ts';
import { isWithin, readValidity, writeValidity, type Validity } from './validity.ts';

const read = (validFor: { start?: string; end?: string }): Validity =>
  readValidity(new MessageReader({ validFor }, '', ['validFor']));
const START = new Date('2026-01-01T00:00:00Z');
const END = new Date('2026-02-01T00:00:00Z');

describe('validity', () => {
  it('includes both ends', () => {
    const validity = { start: START, end: END };
    expect(isWithin(validity, START)).toBe(true);
    expect(isWithin(validity, END)).toBe(true);
    expect(isWithin(validity, new Date(START.getTime() - 1))).toBe(false);
    expect(isWithin(validity, new Date(END.getTime() + 1))).toBe(false);
  });

  it('is open where a bound is absent', () => {
    expect(isWithin({}, START)).toBe(true);
    expect(isWithin({ start: START }, new Date(8.64e15))).toBe(true);
    expect(isWithin({ end: END }, new Date(0))).toBe(true);
    expect(isWithin({ start: START, end: END }, new Date(Number.NaN))).toBe(false);
  });

  it.each([
    ['2022-12-31T23:59:59.999Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.999000Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.999999999Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.1Z', '2022-12-31T23:59:59.100Z'],
    ['2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ])('reads %s', (text, want) => {
    expect(read({ start: text }).start?.toISOString()).toBe(want);
  });

  it.each([
    '',
    '2026-01-01',
    '2026-01-01 00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-01-01T00:00:00+99:00',
  ])('refuses %j', (text) => {
    expect(refusal(() => read({ end: text }))).toBe('VALIDITY validFor.end');
  });

  it('survives writing', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, date, (a, b) => {
        const [start, end] = a.getTime() <= b.getTime() ? [a, b] : [b, a];
        expect(read(writeValidity({ start, end }))).toEqual({ start, end });
      }),
    );
  });

  it('writes no date that is none', () => {
    expect(refusal(() => writeValidity({ start: new Date(Number.NaN) }))).toBe('VALIDITY');
  });
});

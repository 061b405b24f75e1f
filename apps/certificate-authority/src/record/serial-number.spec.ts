import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import { RecordError } from './record-error.ts';
import { parseSerialNumber } from './serial-number.ts';

describe('a serial number', () => {
  it.each([
    ['7f00ff', '7f00ff'],
    ['7F00fF', '7f00ff'],
    ['f', '0f'],
    ['000007f00ff', '7f00ff'],
    ['00:7F:00:ff', '7f00ff'],
    ['80', '80'],
    [`00${'ff'.repeat(20)}`, 'ff'.repeat(20)],
  ])('%j is read', (text, hex) => {
    expect(encodeHex(parseSerialNumber(text))).toBe(hex);
  });

  it.each([
    '',
    '0',
    '00:00',
    '0x7f',
    '-7f',
    '7g',
    '7f 00',
    '7f:',
    ':7f',
    '7:f0',
    '7f::00',
    '7f00:ff',
    '７f',
    '7f\0',
    '7f\n',
    '../7f',
    "7f' OR '1'='1",
    'ff'.repeat(21),
    '0'.repeat(129),
    'f'.repeat(100_000),
  ])('%j is refused', (text) => {
    expect(() => parseSerialNumber(text)).toThrow(expect.objectContaining({ code: 'SERIAL_NUMBER' }));
  });

  it('is refused in few words, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        try {
          expect(parseSerialNumber(text).length).toBeLessThanOrEqual(20);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
          expect((error as RecordError).message.length).toBeLessThan(500);
        }
      }),
    );
  });
});

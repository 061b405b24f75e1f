import { describe, expect, it } from '@jest/globals';
import { concatBytes, decodeHex, encodeBase64, encodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import { leafIndexExtension, parseLeafIndex } from './leaf-index.ts';
import { refusal } from './testonly/errors.ts';

describe('leafIndexExtension', () => {
  it('writes type, length and 40 bits', () => {
    expect(encodeBase64(leafIndexExtension(0n))).toBe('AAAFAAAAAAA=');
    expect(encodeHex(leafIndexExtension(0x0102030405n))).toBe('0000050102030405');
    expect(encodeHex(leafIndexExtension((1n << 40n) - 1n))).toBe('000005ffffffffff');
  });

  it.each([-1n, 1n << 40n])('refuses %s', (index) => {
    expect(refusal(() => leafIndexExtension(index))).toBe('CT');
  });
});

describe('parseLeafIndex', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }), (index) =>
        expect(parseLeafIndex(leafIndexExtension(index))).toBe(index),
      ),
    );
  });

  it('skips other extensions', () => {
    expect(parseLeafIndex(concatBytes(decodeHex('010002abcd'), leafIndexExtension(7n)))).toBe(7n);
  });

  it('finds none where there is none', () => {
    expect(parseLeafIndex(new Uint8Array())).toBeUndefined();
    expect(parseLeafIndex(decodeHex('010002abcd'))).toBeUndefined();
  });

  it.each([
    ['a cut', '0000050102'],
    ['an index of 4 bytes', '00000401020304'],
    ['two indexes', '00000500000000010000050000000002'],
    ['seventeen extensions', '010000'.repeat(17)],
  ])('refuses %s', (_, hex) => {
    expect(refusal(() => parseLeafIndex(decodeHex(hex)))).toBe('CT');
  });
});

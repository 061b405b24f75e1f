import { describe, expect, it } from '@jest/globals';
import { formatClaim } from './go-format.ts';

describe('a claim as Fulcio flattens it', () => {
  it.each([
    ['bar', 'bar'],
    ['', ''],
    [true, 'true'],
    [null, '<nil>'],
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-5, '-5'],
    [1.4, '1.4'],
    [1.7, '1.7'],
    [1e-7, '0.0000001'],
    [1234567.25, '1234567.25'],
    [-0.5, '-0.5'],
    [999_999, '999999'],
    [1_000_000, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [-12_345_678_901, '-1.2345678901e+10'],
    [1e21, '1e+21'],
    [[], '[]'],
    [['a', 1, null, 'b c'], '[a 1 <nil> b c]'],
    [[0.00001, 1.5, 123456.7, 1234567.5], '[1e-05 1.5 123456.7 1.2345675e+06]'],
    [{}, 'map[]'],
    [{ b: 1, a: { c: [true] } }, 'map[a:map[c:[true]] b:1]'],
    [{ '\u{1f600}': 1, '\uffee': 2 }, 'map[\uffee:2 \u{1f600}:1]'],
  ])('%j is %j', (value, text) => {
    expect(formatClaim(value)).toBe(text);
  });
});

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalizeJson } from './canonical-json.ts';
import { parseJson, type JsonValue } from './json.ts';

const limits = { maxBytes: 1000, maxDepth: 4, maxValues: 10 };
const root = process.env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../shared/vectors');
const vectors = join(root, 'json-canonicalization');

describe('parseJson', () => {
  it('parses text and bytes', () => {
    expect(parseJson('{"a":[1,"]"]}', limits)).toEqual({ a: [1, ']'] });
    expect(parseJson(new TextEncoder().encode('"\\"{[{[{["'), limits)).toBe('"{[{[{[');
  });

  it.each([
    ['LIMIT', '1'.repeat(1001)],
    ['LIMIT', '[[[[[1]]]]]'],
    ['LIMIT', '['.repeat(900)],
    ['LIMIT', `[${'1,'.repeat(10)}1]`],
    ['LIMIT', `[${'{},'.repeat(9)}1]`],
    ['JSON', '{"a":1,}'],
    ['JSON', ''],
    ['JSON', '{"token":"eyJhbGciOi'],
  ])('refuses with %s', (code, text) => {
    expect(() => parseJson(text, limits)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses invalid UTF-8 and never quotes the input', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), limits)).toThrow(
      expect.objectContaining({ code: 'UTF8' }),
    );
    expect(() => parseJson('{"token": secret}', limits)).not.toThrow(/secret/);
  });
});

describe('parseJson, when asked to', () => {
  const unique = (text: string) => parseJson(text, { maxBytes: 1000, uniqueMembers: true });
  const exact = (text: string) => parseJson(text, { maxBytes: 1000, exactNumbers: true });

  it('refuses a member given twice', () => {
    expect(unique('{"a":{"a":":"},"b":[{"a":"\\":"}]}')).toEqual({ a: { a: ':' }, b: [{ a: '":' }] });
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '[{"b":{"a":1,"a":2}}]',
      '{"__proto__":1,"__proto__":1}',
    ])
      expect(() => unique(text)).toThrow(expect.objectContaining({ code: 'JSON' }));
  });

  it.each([
    '0',
    '-0',
    '1.10',
    '1e3',
    '1E+2',
    '0.1',
    '9007199254740991',
    '-12.5e-3',
    '1e21',
    '100e-2',
    '["1e999",5e-324]',
  ])('takes %s, which stays what it is', (text) => {
    expect(exact(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '9007199254740993',
    '12345678901234567890',
    '3.14159265358979323846',
    '1e999',
    '1e-999',
    '{"a":[0.1,-9007199254740993]}',
  ])('refuses %s, which would become another number', (text) => {
    expect(() => exact(text)).toThrow(expect.objectContaining({ code: 'JSON' }));
  });

  it('takes whatever number was written by JavaScript', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (n) => exact(JSON.stringify([n])) !== null,
      ),
    );
  });
});

describe('canonicalizeJson', () => {
  const describeVectors = existsSync(vectors) ? describe : describe.skip;
  describeVectors('RFC 8785 vectors (json-canonicalization)', () => {
    const names = existsSync(vectors) ? readdirSync(join(vectors, 'input')) : ['absent'];
    it.each(names)('%s', (name) => {
      const value = parseJson(readFileSync(join(vectors, 'input', name)), { maxBytes: 1e6 });
      const expected = readFileSync(
        join(vectors, 'outhex', name.replace('.json', '.txt')),
        'utf8',
      ).replaceAll(/\s/g, '');
      expect(Buffer.from(canonicalizeJson(value)).toString('hex')).toBe(expected);
    });
  });

  it('is a fixed point that keeps the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false } as object), (value) => {
        const text = canonicalizeJson(value as JsonValue);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalizeJson(JSON.parse(text) as JsonValue)).toBe(text);
      }),
    );
  });

  it.each([[NaN], [Infinity], ['\ud800'], [{ '\udc00': 1 }], [undefined]])('refuses %p', (value) => {
    expect(() => canonicalizeJson(value as JsonValue)).toThrow(expect.objectContaining({ code: 'JSON' }));
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { OidcError } from '../errors.ts';
import { fromJson, toJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';

const read = (text: string): unknown => toJson(readYaml(text));

describe('readYaml', () => {
  it.each<[string, string, unknown]>([
    [
      'scalars as their text',
      'a: 1\nb: true\nc: 0x10\nd: 2020-01-01\ne: "~"',
      { a: '1', b: 'true', c: '0x10', d: '2020-01-01', e: '~' },
    ],
    ['nulls', 'a:\nb: ~\nc: null\nd: ""', { a: null, b: null, c: null, d: '' }],
    [
      'an alias as key, up to its colon',
      'd:\n  - &x-1 "name"\n*x-1:\n  b: c\n',
      { d: ['name'], name: { b: 'c' } },
    ],
    ['an alias as key and value', 'd: &x name\n*x: *x\n', { d: 'name', name: 'name' }],
    ['block text that looks like an alias', 'a: |\n  *b:\n', { a: '*b:\n' }],
    [
      'anchors where they stand',
      'a: &x 1\nb: &y { c: &x 2 }\nd: *x\ne: *y\nf: *x',
      { a: '1', b: { c: '2' }, d: '2', e: { c: '2' }, f: '2' },
    ],
    [
      'merges, own keys first',
      'a: &x { b: 1, c: 2 }\nd: { c: 3, <<: *x }',
      { a: { b: '1', c: '2' }, d: { c: '3', b: '1' } },
    ],
    [
      'merges of several',
      'a: &x { b: 1 }\nb: &y { b: 2, c: 3 }\nd:\n  <<: [*x, *y]',
      { a: { b: '1' }, b: { b: '2', c: '3' }, d: { b: '1', c: '3' } },
    ],
    ['nothing', '# only a comment', null],
    ['__proto__ as a key like any', '__proto__: { a: b }', JSON.parse('{"__proto__":{"a":"b"}}')],
  ])('reads %s', (_name, text, value) => {
    expect(read(text)).toEqual(value);
  });

  it.each<[string, string, RegExp]>([
    ['malformed text', 'a: [', /malformed YAML/],
    ['tabs for indentation', 'a:\n\tb: c', /malformed YAML/],
    ['two documents', 'a: b\n---\nc: d', /one YAML document/],
    ['a key twice', 'a: 1\na: 2', /"a" is given twice/],
    ['a key that is no text', '{ [a]: b }', /text as key/],
    ['an unknown alias', 'a: *b', /"b"/],
    ['an alias to what is around it', '&a a: &b [*b]', /"b"/],
    ['a merge of a text', '<<: a', /wants a mapping/],
    ['deep nesting', '['.repeat(60) + ']'.repeat(60), /nested/],
    ['nesting without end', '['.repeat(100_000), /nested/],
    ['deep blocks', '- '.repeat(50_000), /nested/],
    [
      'aliases that nest',
      `a0: &a0 x\n${Array.from({ length: 50 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`).join('')}`,
      /nested/,
    ],
    [
      'a billion laughs',
      `a0: &a0 x\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]\n`).join('')}`,
      /more than 50000 values/,
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(() => readYaml(text)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) }),
    );
  });

  it('reads back what was written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const value = fc.dictionary(
      text,
      fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.dictionary(text, text, { maxKeys: 3 })),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(value, (original) => {
        fc.pre(
          !Object.values(original).some((inner) => typeof inner === 'object' && '<<' in inner) &&
            !('<<' in original),
        );
        expect(read(stringify(original))).toEqual(toJson(fromJson(original)));
      }),
    );
  });

  it('reads or refuses whatever it is given', () => {
    const part = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&x',
      '*x',
      '*x:',
      '"',
      "'",
      '|',
      '>',
      '#',
      '?',
      '<<',
      '!',
      ',',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        try {
          readYaml(parts.join(''));
        } catch (error) {
          if (!(error instanceof OidcError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { encodeUtf8, type JsonValue } from '@sigstead/encoding';
import fc from 'fast-check';
import { statementDigests } from './in-toto-statement.ts';
import { IN_TOTO, STATEMENT } from './testonly/envelopes.ts';
import { refusal } from './testonly/errors.ts';

const digestsOf = (value: JsonValue): string[] =>
  statementDigests(IN_TOTO, encodeUtf8(JSON.stringify(value)));

describe('statementDigests', () => {
  it('names subjects, then materials', () => {
    expect(statementDigests(IN_TOTO, encodeUtf8(STATEMENT))).toEqual([
      `sha256:${'AA'.repeat(32)}`,
      `sha512:${'bb'.repeat(64)}`,
      `sha1:${'cc'.repeat(20)}`,
    ]);
  });

  it('names none of another payload type', () => {
    expect(statementDigests('application/json', encodeUtf8(STATEMENT))).toEqual([]);
  });

  it.each<[string, JsonValue]>([
    ['no object', 'x'],
    ['subjects that are no list', { subject: { digest: { sha256: 'x' } } }],
    ['a subject that is no object', { subject: [null, 1, 'x'] }],
    ['a digest that is no object', { subject: [{ digest: 'x' }, { digest: null }] }],
    ['a value that is no text', { subject: [{ digest: { sha256: 1 } }] }],
    ['a predicate that is no object', { predicate: [] }],
  ])('names none in %s', (_, value) => {
    expect(digestsOf(value)).toEqual([]);
  });

  it('names none in what is no JSON', () => {
    expect(statementDigests(IN_TOTO, encodeUtf8('{'))).toEqual([]);
    expect(statementDigests(IN_TOTO, new Uint8Array([0xff]))).toEqual([]);
  });

  it('refuses more digests than can be searched for, rather than leaving some out', () => {
    const subject = Array.from({ length: 4097 }, (_, i) => ({ digest: { sha256: String(i) } }));
    expect(refusal(() => digestsOf({ subject }))).toBe('LIMIT');
    expect(digestsOf({ subject: subject.slice(1) })).toHaveLength(4096);
  });

  it('refuses nesting that cannot be searched through', () => {
    const deep = `{"predicate":${'['.repeat(300)}${']'.repeat(300)}}`;
    expect(refusal(() => statementDigests(IN_TOTO, encodeUtf8(deep)))).toBe('LIMIT');
  });

  it('law: takes any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(Array.isArray(digestsOf({ subject: value as JsonValue, predicate: value as JsonValue }))).toBe(
          true,
        );
      }),
    );
  });
});

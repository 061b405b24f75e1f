import { describe, expect, it } from '@jest/globals';
import { encodeBase64 } from '@sigstead/encoding';
import fc from 'fast-check';
import { formatSignedNote, parseSignedNote, type SignedNote } from './signed-note.ts';
import { refusal } from './testonly/errors.ts';

const line = (name: string, bytes = new Uint8Array(68).fill(7)) => `\u2014 ${name} ${encodeBase64(bytes)}\n`;
const note = (body: string, ...lines: string[]) => `${body}\n${lines.join('')}`;

const bodies = fc
  .array(fc.string({ unit: fc.constantFrom('a', ' ', 'é', '—', '+', '日', '😀') }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((lines) => `${lines.join('\n')}\n`);
const names = fc.string({ unit: fc.constantFrom('a', '.', '/', '-', 'é', '—'), minLength: 1, maxLength: 20 });
const notes: fc.Arbitrary<SignedNote> = fc.record({
  body: bodies,
  signatures: fc.array(
    fc.record({
      name: names,
      keyHint: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
});

describe('parseSignedNote', () => {
  it('splits body and signatures', () => {
    const parsed = parseSignedNote(
      note('one\ntwo\n', line('log.example', new Uint8Array([1, 2, 3, 4, 5, 6]))),
    );
    expect(parsed.body).toBe('one\ntwo\n');
    expect(parsed.signatures).toEqual([
      { name: 'log.example', keyHint: new Uint8Array([1, 2, 3, 4]), signature: new Uint8Array([5, 6]) },
    ]);
  });

  it('takes the signatures from behind the last blank line', () => {
    expect(parseSignedNote(note('one\n\ntwo\n', line('a'))).body).toBe('one\n\ntwo\n');
  });

  it('takes 100 signatures', () => {
    expect(parseSignedNote(note('body\n', ...Array<string>(100).fill(line('a')))).signatures).toHaveLength(
      100,
    );
  });

  it.each([
    ['no blank line', `body\n${line('a')}`],
    ['no signature line', 'body\n\n'],
    ['no final line feed', note('body\n', line('a')).slice(0, -1)],
    ['a hyphen instead of the em dash', note('body\n', line('a').replace('\u2014', '-'))],
    ['an empty name', note('body\n', line(''))],
    ['a plus sign in the name', note('body\n', line('a+b'))],
    ['a no-break space in the name', note('body\n', line('a\u00a0b'))],
    ['a line without signature', note('body\n', '\u2014 a\n')],
    ['a second space', note('body\n', line('a').replace('a ', 'a  '))],
    ['base64 without padding', note('body\n', '\u2014 a AQIDBAU\n')],
    ['base64 with stray bits', note('body\n', '\u2014 a AQIDBAV=\n')],
    ['nothing after the key hint', note('body\n', '\u2014 a AQIDBA==\n')],
    ['a carriage return', note('body\r\n', line('a'))],
    ['a NUL', note('bo\0dy\n', line('a'))],
    ['a lone surrogate', note('bo\ud800dy\n', line('a'))],
    ['text behind the signatures', `${note('body\n', line('a'))}more\n`],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(refusal(() => parseSignedNote(text))).toBe('NOTE');
  });

  it('refuses more than 100 signatures', () => {
    expect(refusal(() => parseSignedNote(note('body\n', ...Array<string>(101).fill(line('a')))))).toBe(
      'LIMIT',
    );
  });

  it('refuses more than 1 MiB', () => {
    expect(refusal(() => parseSignedNote(note(`${'x'.repeat(1 << 20)}\n`, line('a'))))).toBe('LIMIT');
  });

  it('gives back what was formatted', () => {
    fc.assert(fc.property(notes, (value) => expect(parseSignedNote(formatSignedNote(value))).toEqual(value)));
  });

  it('gives one text for one note', () => {
    fc.assert(
      fc.property(notes, (value) => {
        const text = formatSignedNote(value);
        expect(formatSignedNote(parseSignedNote(text))).toBe(text);
      }),
    );
  });

  it('refuses arbitrary text with its own error only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void refusal(() => parseSignedNote(text))),
    );
  });
});

describe('formatSignedNote', () => {
  const signature = { name: 'a', keyHint: new Uint8Array(4), signature: new Uint8Array(64) };

  it.each<[string, SignedNote]>([
    ['a body without final line feed', { body: 'body', signatures: [signature] }],
    ['a control character', { body: 'bo\tdy\n', signatures: [signature] }],
    ['no signature', { body: 'body\n', signatures: [] }],
    ['a name with a space', { body: 'body\n', signatures: [{ ...signature, name: 'a b' }] }],
    ['a short key hint', { body: 'body\n', signatures: [{ ...signature, keyHint: new Uint8Array(3) }] }],
    ['an empty signature', { body: 'body\n', signatures: [{ ...signature, signature: new Uint8Array() }] }],
  ])('refuses %s', (_, value) => {
    expect(refusal(() => formatSignedNote(value))).toBe('NOTE');
  });
});

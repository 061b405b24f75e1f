import { describe, expect, it } from '@jest/globals';
import { encodeBase64 } from '@sigstead/encoding';
import fc from 'fast-check';
import { hashParameter, numberParameter, type CtQuery } from './ct-query.ts';
import { CtError } from './errors.ts';

function refusal(read: (query: CtQuery, name: string) => unknown, query: CtQuery): string {
  try {
    read(query, 'n');
  } catch (error) {
    if (error instanceof CtError && error.code === 'REQUEST') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('numberParameter', () => {
  it('gives every number that JSON can carry', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => expect(numberParameter({ n: `${n}` }, 'n')).toBe(BigInt(n))),
    );
    expect(numberParameter({ n: '9007199254740991' }, 'n')).toBe(9007199254740991n);
    expect(numberParameter({ n: '007' }, 'n')).toBe(7n);
  });

  it('refuses what is absent, empty or there twice', () => {
    expect(refusal(numberParameter, {})).toBe('parameter n is required');
    expect(refusal(numberParameter, { n: '' })).toBe('parameter n is required');
    expect(refusal(numberParameter, { n: ['1', '1'] })).toBe('parameter n is there more than once');
  });

  it('refuses every other text with its own error', () => {
    fc.assert(
      fc.property(fc.string(), (n) => {
        fc.pre(!/^[0-9]+$/.test(n));
        expect(refusal(numberParameter, { n })).toMatch(/^parameter n is /);
      }),
    );
    expect(refusal(numberParameter, { n: '9007199254740992' })).toMatch(/want at most 9007199254740991/);
  });
});

describe('hashParameter', () => {
  it('gives every hash, with plus signs as they are or as the spaces they become', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
        const text = encodeBase64(hash);
        expect(hashParameter({ n: text }, 'n')).toEqual(hash);
        expect(hashParameter({ n: text.replaceAll('+', ' ') }, 'n')).toEqual(hash);
      }),
    );
    expect(hashParameter({ n: ` ${encodeBase64(new Uint8Array(32).fill(0xff)).slice(1)}` }, 'n')[0]).toBe(
      0xfb,
    );
  });

  it('refuses other lengths, other alphabets and no base64 at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        fc.pre(bytes.length !== 32 && bytes.length > 0);
        expect(refusal(hashParameter, { n: encodeBase64(bytes) })).toMatch(/want base64 of 32 bytes/);
      }),
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (n) =>
        expect(refusal(hashParameter, { n })).toMatch(/want base64/),
      ),
    );
    expect(refusal(hashParameter, {})).toBe('parameter n is required');
  });
});

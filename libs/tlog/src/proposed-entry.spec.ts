import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { canonicalizeJson, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import fc from 'fast-check';
import { TlogError } from './errors.ts';
import { parseCanonicalBody, parseProposedEntry } from './proposed-entry.ts';
import { entryJson, signedParts, specOf } from './testonly/entries.ts';
import { refusal } from './testonly/errors.ts';

const limits = { maxBytes: 1 << 20 };
const spec = specOf(await signedParts(PrivateKeySigner.generate('P-256')));
const sound = entryJson(spec);
const propose = (value: JsonValue) => parseProposedEntry(encodeUtf8(JSON.stringify(value)), limits);

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TlogError) return error.message;
  }
  return 'accepted';
}

describe('parseProposedEntry', () => {
  it('yields frame and entry', () => {
    const proposed = propose(sound);
    expect(proposed).toMatchObject({ kind: 'hashedrekord', apiVersion: '0.0.1', spec });
    expect(refusal(() => proposed.entry.verify())).toBe('accepted');
    expect(proposed.entry.canonicalBody()).toEqual(encodeUtf8(canonicalizeJson(sound)));
    expect(proposed.entry.indexKeys()).toHaveLength(2);
  });

  it('ignores unknown fields', () => {
    expect(propose({ ...sound, more: 1 }).entry.canonicalBody()).toEqual(
      propose(sound).entry.canonicalBody(),
    );
  });

  it.each<[string, string, JsonValue]>([
    ['JSON', 'an array', []],
    ['JSON', 'text', 'hashedrekord'],
    ['JSON', 'null', null],
    ['KIND_MISSING', 'no kind', { apiVersion: '0.0.1', spec }],
    ['KIND_MISSING', 'a null kind', { ...sound, kind: null }],
    ['KIND_MISSING', 'an empty kind', { ...sound, kind: '' }],
    ['KIND_UNKNOWN', 'another kind', { ...sound, kind: 'other' }],
    ['KIND_UNSUPPORTED', 'a kind of stock Rekor that is not here', { ...sound, kind: 'rekord' }],
    ['KIND_UNKNOWN', 'a kind of Object.prototype', { ...sound, kind: 'constructor' }],
    ['KIND_UNKNOWN', 'a kind that is no text', { ...sound, kind: 5 }],
    ['API_VERSION_MISSING', 'no version', { kind: 'hashedrekord', spec }],
    ['API_VERSION', 'a version that is no semver', { ...sound, apiVersion: 'v1' }],
    ['API_VERSION', 'a version that is no text', { ...sound, apiVersion: 1 }],
    ['API_VERSION', 'a long version', { ...sound, apiVersion: `0.0.1-${'a'.repeat(64)}` }],
    ['SPEC_MISSING', 'no spec', { apiVersion: '0.0.1', kind: 'hashedrekord' }],
    ['SPEC_MISSING', 'a null spec', { ...sound, spec: null }],
    ['VERSION_UNSUPPORTED', 'an unknown version', { ...sound, apiVersion: '0.0.2' }],
    ['SPEC', 'a spec that is no object', { ...sound, spec: 'x' }],
    ['SPEC', 'an empty spec', { ...sound, spec: {} }],
  ])('refuses with %s %s', (code, _, value) => {
    expect(refusal(() => propose(value))).toBe(code);
  });

  it.each([
    ['JSON', 'malformed JSON', encodeUtf8('{"kind":')],
    ['JSON', 'nothing', new Uint8Array()],
    ['JSON', 'bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['LIMIT', 'too much nesting', encodeUtf8('['.repeat(100) + ']'.repeat(100))],
    ['LIMIT', 'more bytes than allowed', new Uint8Array(limits.maxBytes + 1).fill(0x20)],
  ])('refuses with %s %s', (code, _, body) => {
    expect(refusal(() => parseProposedEntry(body, limits))).toBe(code);
  });

  it('reports the first fault in the order of the checks', () => {
    expect(refusal(() => propose({}))).toBe('KIND_MISSING');
    expect(refusal(() => propose({ kind: 'x' }))).toBe('KIND_UNKNOWN');
    expect(refusal(() => propose({ kind: 'hashedrekord' }))).toBe('API_VERSION_MISSING');
    expect(refusal(() => propose({ kind: 'hashedrekord', apiVersion: '9.9.9' }))).toBe('SPEC_MISSING');
  });

  it('words faults as clients know them', () => {
    expect(messageOf(() => propose({}))).toBe('kind in body is required');
    expect(messageOf(() => propose({ kind: 'x' }))).toBe('invalid kind value: "x"');
    expect(messageOf(() => propose({ ...sound, spec: null }))).toBe('spec in body is required');
    expect(messageOf(() => propose({ ...sound, apiVersion: '0.0.2' }))).toBe(
      "hashedrekord implementation for version '0.0.2' not found",
    );
  });

  it('quotes little of what it refuses', () => {
    expect(messageOf(() => propose({ kind: 'k'.repeat(10_000) })).length).toBeLessThan(120);
  });

  it('refuses arbitrary JSON with its own error only', () => {
    const near = fc.record(
      {
        kind: fc.oneof(fc.constant('hashedrekord'), fc.jsonValue()),
        apiVersion: fc.oneof(fc.constant('0.0.1'), fc.jsonValue()),
        spec: fc.oneof(
          fc.jsonValue(),
          fc.record({ data: fc.jsonValue(), signature: fc.jsonValue() }),
          fc.record({
            data: fc.record({ hash: fc.record({ algorithm: fc.constant('sha256'), value: fc.jsonValue() }) }),
            signature: fc.record({
              content: fc.base64String(),
              publicKey: fc.record({ content: fc.oneof(fc.base64String(), fc.jsonValue()) }),
            }),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        near,
        (value) => void refusal(() => parseProposedEntry(encodeUtf8(JSON.stringify(value)), limits)),
      ),
    );
  });
});

describe('parseCanonicalBody', () => {
  const body = encodeUtf8(canonicalizeJson(sound));

  it('reads the frame of any kind', () => {
    expect(parseCanonicalBody(body)).toEqual({ kind: 'hashedrekord', apiVersion: '0.0.1', spec });
    const other = { apiVersion: '0.0.2', kind: 'dsse', spec: {} };
    expect(parseCanonicalBody(encodeUtf8(canonicalizeJson(other)))).toEqual(other);
  });

  it.each([
    ['NOT_CANONICAL', 'white space', JSON.stringify(sound, undefined, 1)],
    ['NOT_CANONICAL', 'keys out of order', JSON.stringify({ kind: 'a', apiVersion: '0.0.1', spec: {} })],
    ['NOT_CANONICAL', 'a repeated key', '{"apiVersion":"0.0.1","kind":"a","kind":"b","spec":{}}'],
    ['NOT_CANONICAL', 'a further field', '{"apiVersion":"0.0.1","kind":"a","more":1,"spec":{}}'],
    ['NOT_CANONICAL', 'a number in another form', '{"apiVersion":"0.0.1","kind":"a","spec":1.0}'],
    ['NOT_CANONICAL', 'a lone surrogate', '{"apiVersion":"0.0.1","kind":"\\ud800","spec":{}}'],
    ['KIND_MISSING', 'no kind', '{"apiVersion":"0.0.1"}'],
    ['API_VERSION_MISSING', 'no version', '{"kind":"a","spec":{}}'],
    ['SPEC_MISSING', 'no spec', '{"apiVersion":"0.0.1","kind":"a"}'],
    ['JSON', 'an array', '[]'],
    ['JSON', 'text', 'x'],
  ])('refuses with %s %s', (code, _, text) => {
    expect(refusal(() => parseCanonicalBody(encodeUtf8(text)))).toBe(code);
  });

  it('refuses more bytes than allowed', () => {
    expect(refusal(() => parseCanonicalBody(body, { maxBytes: 10 }))).toBe('LIMIT');
  });
});

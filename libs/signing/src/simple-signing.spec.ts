import { describe, expect, it } from '@jest/globals';
import { decodeUtf8 } from '@sigstead/encoding';
import { parseImageReference } from '@sigstead/oci';
import fc from 'fast-check';
import { SigningError } from './errors.ts';
import { simpleSigningPayload, type Annotations } from './simple-signing.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const payload = (image: string, annotations?: Annotations) =>
  decodeUtf8(simpleSigningPayload(parseImageReference(image), digest, annotations));

describe('simpleSigningPayload', () => {
  it('is what cosign writes, without the tag', () => {
    expect(payload('ghcr.io/acme/kms:5.13.0')).toBe(
      `{"critical":{"identity":{"docker-reference":"ghcr.io/acme/kms"},"image":{"docker-manifest-digest":"${digest}"},` +
        '"type":"cosign container image signature"},"optional":null}',
    );
  });

  it('names Docker Hub as cosign does', () => {
    expect(payload('alpine')).toContain('"docker-reference":"index.docker.io/library/alpine"');
  });

  it('sorts annotations by their bytes and escapes as Go does', () => {
    const annotations = { b: '<&>', 'a.b': '\u2028', B: 'é', '\u{10000}': '1', '\uffff': '2' };
    expect(payload('r.io/a', annotations)).toContain(
      '"optional":{"B":"é","a.b":"\\u2028","b":"\\u003c\\u0026\\u003e","\uffff":"2","\u{10000}":"1"}}',
    );
  });

  it('treats no annotations as null', () => {
    expect(payload('r.io/a', {})).toContain('"optional":null');
  });

  it.each([
    ['an empty key', { '': 'x' }],
    ['a number as key', { '10': 'x' }],
    ['half a character', { a: '\ud800' }],
    ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, '']))],
    ['too long a text', { a: 'x'.repeat(40_000) }],
    ['a prototype', JSON.parse('{"__proto__":"x"}') as Annotations],
  ])('refuses annotations with %s', (_name, annotations) => {
    expect(() => payload('r.io/a', annotations)).toThrow(
      expect.objectContaining({ name: 'SigningError', code: 'ANNOTATIONS' }),
    );
  });

  it('does not depend on the order in which annotations were given', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 8 }), (annotations) => {
        const shuffled = Object.fromEntries(Object.entries(annotations).reverse());
        try {
          const text = payload('r.io/a', annotations);
          expect(payload('r.io/a', shuffled)).toBe(text);
          expect((JSON.parse(text) as { optional: Annotations | null }).optional ?? {}).toEqual({
            ...annotations,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SigningError);
        }
      }),
    );
  });
});

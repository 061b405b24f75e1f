import { describe, expect, it } from '@jest/globals';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { digest, digestSize, isHashAlgorithm, sha256 } from './digest.ts';

describe('digest', () => {
  it('is SHA-2 of the parts one after the other', () => {
    expect(encodeHex(sha256(encodeUtf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
      const whole = digest(hash, encodeUtf8('abc'));
      expect(digest(hash, encodeUtf8('a'), new Uint8Array(0), encodeUtf8('bc'))).toEqual(whole);
      expect(whole).toHaveLength(digestSize(hash));
      expect(digest(hash)).toEqual(digest(hash, new Uint8Array(0)));
    }
  });

  it('gives arrays that own their memory', () => {
    for (const hash of [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(1), Uint8Array.of(2))]) {
      expect(Object.getPrototypeOf(hash)).toBe(Uint8Array.prototype);
      expect(hash.buffer.byteLength).toBe(32);
    }
  });

  it('knows its names', () => {
    expect(['sha256', 'sha384', 'sha512', 'sha1', 'SHA256', 'toString'].map(isHashAlgorithm)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

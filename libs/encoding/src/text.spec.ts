import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeBase64,
  decodeBase64Lenient,
  decodeBase64Url,
  encodeBase64,
  encodeBase64Url,
} from './base64.ts';
import { compareBytes, concatBytes, decodeUtf8, encodeUtf8, equalBytes } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { decodeHex, encodeHex } from './hex.ts';
import { decodePem, encodePem } from './pem.ts';
import { TlsReader, tlsU16, tlsU24, tlsU64, tlsU8, tlsVector16, tlsVector24, tlsVector8 } from './tls.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

describe('text forms of bytes', () => {
  it('are read back as written', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(decodeHex(encodeHex(value))).toEqual(value);
        expect(decodeBase64(encodeBase64(value))).toEqual(value);
        expect(decodeBase64Url(encodeBase64Url(value))).toEqual(value);
        expect(decodeBase64Lenient(encodeBase64(value))).toEqual(value);
        expect(decodeBase64Lenient(encodeBase64Url(value))).toEqual(value);
        expect(decodePem(encodePem('DATA', value))).toEqual([{ label: 'DATA', bytes: value }]);
      }),
    );
  });

  it('have one base64 spelling per value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', 'B', '/', '+', '=', '-', ' '), maxLength: 9 }),
        (text) => {
          let value: Uint8Array;
          try {
            value = decodeBase64(text);
          } catch (error) {
            expect(error).toBeInstanceOf(EncodingError);
            return;
          }
          expect(encodeBase64(value)).toBe(text);
        },
      ),
    );
  });

  it.each(['A', 'AA', 'AAA', 'AB==', 'AA==\n', ' AA==', 'A_==', 'A===', '=AAA', 'AA=A'])(
    'strict base64 refuses %p',
    (text) => {
      expect(() => decodeBase64(text)).toThrow(EncodingError);
    },
  );

  it.each(['A', 'AB', 'A+_A', 'AA=', 'AA= ', 'AA==AA==', 'AA\n=='])('lenient base64 refuses %p', (text) => {
    expect(() => decodeBase64Lenient(text)).toThrow(EncodingError);
  });

  it.each(['AA==', 'A+AA', 'AB', 'A'])('base64url refuses %p', (text) => {
    expect(() => decodeBase64Url(text)).toThrow(EncodingError);
  });

  it.each(['0', '0g', '0x00', ' 00'])('hexadecimal refuses %p', (text) => {
    expect(() => decodeHex(text)).toThrow(EncodingError);
  });

  it('refuses invalid UTF-8 and keeps a byte order mark', () => {
    expect(() => decodeUtf8(Uint8Array.of(0xc0, 0x80))).toThrow(EncodingError);
    expect(decodeUtf8(encodeUtf8('\ufeffx'))).toBe('\ufeffx');
  });

  it('orders bytes like their hexadecimal', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(
          encodeHex(a) < encodeHex(b) ? -1 : encodeHex(a) > encodeHex(b) ? 1 : 0,
        );
        expect(equalBytes(a, b)).toBe(encodeHex(a) === encodeHex(b));
        expect(concatBytes(a, b)).toHaveLength(a.length + b.length);
      }),
    );
  });
});

describe('PEM', () => {
  it('reads several blocks, headers and CRLF', () => {
    const text =
      '-----BEGIN A-----\r\nProc-Type: 4\r\n\r\nAA==\r\n-----END A-----\r\n\n-----BEGIN B C-----\nAQ==\n-----END B C-----';
    expect(decodePem(text)).toEqual([
      { label: 'A', bytes: Uint8Array.of(0) },
      { label: 'B C', bytes: Uint8Array.of(1) },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['text around', 'x\n-----BEGIN A-----\nAA==\n-----END A-----'],
    ['no end', '-----BEGIN A-----\nAA=='],
    ['another end', '-----BEGIN A-----\nAA==\n-----END B-----'],
    ['no base64', '-----BEGIN A-----\n*\n-----END A-----'],
    ['cut base64', '-----BEGIN A-----\nAAA\n-----END A-----'],
  ])('refuses %s', (_what, text) => {
    expect(() => decodePem(text)).toThrow(expect.objectContaining({ code: 'PEM' }));
  });

  it('bounds the number of blocks', () => {
    expect(() => decodePem(encodePem('A', Uint8Array.of(1)).repeat(3), { maxBlocks: 2 })).toThrow(
      expect.objectContaining({ code: 'LIMIT' }),
    );
  });
});

describe('TLS presentation language', () => {
  it('reads back what it writes', () => {
    const value = Uint8Array.of(1, 2, 3);
    const reader = new TlsReader(
      concatBytes(
        tlsU8(7),
        tlsU16(700),
        tlsU24(70000),
        tlsU64(2n ** 63n),
        tlsVector8(value),
        tlsVector16(value),
        tlsVector24(value),
      ),
    );
    expect([reader.u8(), reader.u16(), reader.u24(), reader.u64()]).toEqual([7, 700, 70000, 2n ** 63n]);
    expect([reader.vector8(), reader.vector16(), reader.vector24()]).toEqual([value, value, value]);
    reader.end();
  });

  it('refuses short data, trailing data and numbers that do not fit', () => {
    expect(() => new TlsReader(Uint8Array.of(0, 2, 1)).vector16()).toThrow(EncodingError);
    expect(() => new TlsReader(Uint8Array.of(1)).end()).toThrow(EncodingError);
    expect(() => tlsU8(256)).toThrow(EncodingError);
    expect(() => tlsU64(-1n)).toThrow(EncodingError);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DerReader } from './der-reader.ts';
import {
  der,
  derBitString,
  derBoolean,
  derExplicit,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSet,
  derTime,
  derUtcTime,
  derUtf8String,
} from './der-writer.ts';
import { EncodingError } from './errors.ts';
import { decodeHex, encodeHex } from './hex.ts';

const reader = (hex: string) => new DerReader(decodeHex(hex));

describe('DER', () => {
  it('reads what it writes', () => {
    const bytes = derSequence(
      derInteger(-129n),
      derOid('2.999.3'),
      derExplicit(0, derBoolean(true)),
      derNull(),
      derBitString(Uint8Array.of(0xa0), 5),
      derUtf8String('ü'),
      derPrintableString('Sigstead'),
      derTime(new Date('2049-12-31T23:59:59Z')),
      derTime(new Date('2050-01-01T00:00:00Z')),
      derGeneralizedTime(new Date('2026-03-01T12:00:00Z')),
    );
    const sequence = new DerReader(bytes).sequence();
    expect(sequence.integer()).toBe(-129n);
    expect(sequence.oid()).toBe('2.999.3');
    expect(sequence.explicit(1)).toBeUndefined();
    expect(sequence.explicit(0)?.boolean()).toBe(true);
    sequence.null();
    expect(sequence.bitString()).toEqual({ unused: 5, bytes: Uint8Array.of(0xa0) });
    expect(sequence.text()).toBe('ü');
    expect(sequence.text()).toBe('Sigstead');
    expect(sequence.time()).toEqual(new Date('2049-12-31T23:59:59Z'));
    expect(sequence.time()).toEqual(new Date('2050-01-01T00:00:00Z'));
    expect(sequence.time()).toEqual(new Date('2026-03-01T12:00:00Z'));
    sequence.end();
  });

  it('reads back every integer, identifier and length it writes', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(new DerReader(derInteger(value)).integer()).toBe(value);
      }),
    );
    const oids = fc.tuple(
      fc.nat(1),
      fc.nat(39),
      fc.array(
        fc.maxSafeNat().filter((n) => n < 1e15),
        { maxLength: 8 },
      ),
    );
    fc.assert(
      fc.property(oids, ([first, second, rest]) => {
        const dotted = [first, second, ...rest].join('.');
        expect(new DerReader(derOid(dotted)).oid()).toBe(dotted);
      }),
    );
    for (const length of [0, 127, 128, 255, 256, 65535, 65536]) {
      expect(new DerReader(derOctetString(new Uint8Array(length))).octetString()).toHaveLength(length);
    }
  });

  it('writes unsigned numbers with a leading zero only where the sign needs one', () => {
    expect(encodeHex(derInteger(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(encodeHex(derInteger(Uint8Array.of()))).toBe('020100');
  });

  it('sorts the elements of a SET', () => {
    expect(encodeHex(derSet(derInteger(2n), derInteger(1n)))).toBe('3106020101020102');
  });

  const refused: [string, (r: DerReader) => unknown, string][] = [
    ['an indefinite length', (r) => r.element(), '30800000'],
    ['a length in five octets', (r) => r.element(), '30850000000001'],
    ['a long form for a short length', (r) => r.element(), '04810100'],
    ['a long form with a leading zero', (r) => r.element(), '0482007f'],
    ['a length beyond the data', (r) => r.element(), '0405000000'],
    ['a multi-octet tag', (r) => r.element(), '1f2000'],
    ['an identifier without a length', (r) => r.element(), '04'],
    ['another tag than wanted', (r) => r.sequence(), '3100'],
    ['nothing where an element is wanted', (r) => r.integer(), ''],
    ['an empty INTEGER', (r) => r.integer(), '0200'],
    ['an INTEGER with a needless 00', (r) => r.integer(), '0202007f'],
    ['an INTEGER with a needless FF', (r) => r.integer(), '0202ff80'],
    ['a BOOLEAN of 01', (r) => r.boolean(), '010101'],
    ['a BOOLEAN of two octets', (r) => r.boolean(), '0102ffff'],
    ['a NULL with content', (r) => r.null(), '050100'],
    ['a BIT STRING without its count', (r) => r.bitString(), '0300'],
    ['a BIT STRING with eight unused bits', (r) => r.bitString(), '03020800'],
    ['a BIT STRING with unused bits set', (r) => r.bitString(), '03020101'],
    ['an empty BIT STRING with unused bits', (r) => r.bitString(), '030101'],
    ['an empty OBJECT IDENTIFIER', (r) => r.oid(), '0600'],
    ['an OBJECT IDENTIFIER cut short', (r) => r.oid(), '06022a86'],
    ['an OBJECT IDENTIFIER arc with leading zeros', (r) => r.oid(), '06032a8001'],
    ['an OBJECT IDENTIFIER arc beyond 2^53', (r) => r.oid(), '060a2affffffffffffffff7f'],
    ['an OBJECT IDENTIFIER of 200 arcs', (r) => r.oid(), `0681c8${'01'.repeat(200)}`],
    ['invalid UTF-8', (r) => r.text(), '0c01ff'],
    ['an IA5String beyond ASCII', (r) => r.text(), '1602c3bc'],
    [
      'a time with a fraction',
      (r) => r.time(),
      `1811${encodeHex(new TextEncoder().encode('20260101000000.5Z'))}`,
    ],
    [
      'a day that does not exist',
      (r) => r.time(),
      `170d${encodeHex(new TextEncoder().encode('260230000000Z'))}`,
    ],
    ['trailing data', (r) => (r.null(), r.end()), '050000'],
  ];
  it.each(refused)('refuses %s', (_what, read, hex) => {
    expect(() => read(reader(hex))).toThrow(EncodingError);
  });

  it('never fails otherwise than by EncodingError', () => {
    const readers: ((r: DerReader) => unknown)[] = [
      (r) => r.integer(),
      (r) => r.oid(),
      (r) => r.bitString(),
      (r) => r.time(),
      (r) => r.text(),
      (r) => r.sequence().element(),
    ];
    const element = fc.tuple(fc.constantFrom(2, 3, 6, 12, 19, 23, 24, 48), fc.uint8Array({ maxLength: 24 }));
    fc.assert(
      fc.property(element, fc.uint8Array({ maxLength: 24 }), ([tag, content], raw) => {
        for (const bytes of [der(tag, content), raw]) {
          for (const read of readers) {
            try {
              read(new DerReader(bytes));
            } catch (error) {
              expect(error).toBeInstanceOf(EncodingError);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not write what it cannot', () => {
    expect(() => derOid('1.40')).toThrow(EncodingError);
    expect(() => derOid('x')).toThrow(EncodingError);
    expect(() => derPrintableString('@')).toThrow(EncodingError);
    expect(() => derUtcTime(new Date('2050-01-01'))).toThrow(EncodingError);
    expect(() => derTime(new Date(NaN))).toThrow(EncodingError);
    expect(() => derGeneralizedTime(new Date(Date.UTC(10_000, 0)))).toThrow(EncodingError);
  });
});

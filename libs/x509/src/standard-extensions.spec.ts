import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  der,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUtf8String,
  encodeHex,
  encodeUtf8,
} from '@sigstead/encoding';
import type { Extension } from './extension.ts';
import { encodeGeneralNames, type GeneralName } from './general-name.ts';
import { oids } from './oids.ts';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  readStandardExtensions,
  subjectKeyIdentifierExtension,
  type KeyUsage,
  type StandardExtensions,
} from './standard-extensions.ts';
import { refusal } from './testonly/refusal.ts';

const read = (...extensions: Extension[]): StandardExtensions =>
  readStandardExtensions((oid) => extensions.find((extension) => extension.oid === oid));
const raw = (oid: string, value: Uint8Array): Extension => ({ oid, critical: false, value });

describe('standard extensions', () => {
  it('writes the bytes of the Fulcio profile', () => {
    expect(encodeHex(keyUsageExtension(['digitalSignature']).value)).toBe('03020780');
    expect(encodeHex(keyUsageExtension(['keyCertSign', 'cRLSign']).value)).toBe('03020106');
    expect(encodeHex(extendedKeyUsageExtension([oids.codeSigning]).value)).toBe('300a06082b06010505070303');
    expect(encodeHex(basicConstraintsExtension(0).value)).toBe('30060101ff020100');
    expect(encodeHex(basicConstraintsExtension(undefined).value)).toBe('30030101ff');
    expect(encodeHex(subjectKeyIdentifierExtension(Uint8Array.of(1, 2)).value)).toBe('04020102');
    expect(encodeHex(authorityKeyIdentifierExtension(Uint8Array.of(1, 2)).value)).toBe('300480020102');
  });

  it('reads any set of key usages back, in order', () => {
    const all: KeyUsage[] = [
      'digitalSignature',
      'contentCommitment',
      'keyEncipherment',
      'dataEncipherment',
      'keyAgreement',
      'keyCertSign',
      'cRLSign',
      'encipherOnly',
      'decipherOnly',
    ];
    fc.assert(
      fc.property(fc.subarray(all, { minLength: 1 }), (usages) => {
        expect(read(keyUsageExtension(usages)).keyUsage).toEqual(usages);
      }),
    );
  });

  it('reads the other extensions back', () => {
    const id = Uint8Array.of(9, 8, 7);
    const standard = read(
      basicConstraintsExtension(3),
      extendedKeyUsageExtension([oids.codeSigning, oids.timeStamping]),
      subjectKeyIdentifierExtension(id),
      authorityKeyIdentifierExtension(id),
    );
    expect(standard).toMatchObject({
      basicConstraints: { isCa: true, pathLength: 3 },
      extendedKeyUsages: [oids.codeSigning, oids.timeStamping],
      subjectKeyIdentifier: id,
      authorityKeyIdentifier: id,
    });
  });

  it('reads an end entity with empty basic constraints', () => {
    expect(read(raw(oids.basicConstraints, derSequence())).basicConstraints).toEqual({
      isCa: false,
      pathLength: undefined,
    });
  });

  it('takes the key identifier only from an authority key identifier of all three parts', () => {
    const value = derSequence(
      der(0x80, Uint8Array.of(5)),
      der(0xa1, der(0xa4, derSequence())),
      der(0x82, Uint8Array.of(1)),
    );
    expect(read(raw(oids.authorityKeyIdentifier, value)).authorityKeyIdentifier).toEqual(Uint8Array.of(5));
    const without = derSequence(der(0xa1, der(0xa4, derSequence())), der(0x82, Uint8Array.of(1)));
    expect(read(raw(oids.authorityKeyIdentifier, without)).authorityKeyIdentifier).toBeUndefined();
  });

  it.each<[string, string, string, Uint8Array]>([
    ['EXTENSION', 'cA FALSE written out', oids.basicConstraints, derSequence(derBoolean(false))],
    ['EXTENSION', 'a path length without cA', oids.basicConstraints, derSequence(derInteger(0n))],
    [
      'EXTENSION',
      'a negative path length',
      oids.basicConstraints,
      derSequence(derBoolean(true), derInteger(-1n)),
    ],
    [
      'EXTENSION',
      'an enormous path length',
      oids.basicConstraints,
      derSequence(derBoolean(true), derInteger(2n ** 64n)),
    ],
    [
      'EXTENSION',
      'basic constraints with more',
      oids.basicConstraints,
      derSequence(derBoolean(true), derInteger(1n), derNull()),
    ],
    ['EXTENSION', 'trailing data', oids.basicConstraints, Uint8Array.of(0x30, 0, 0)],
    ['EXTENSION', 'no key usage', oids.keyUsage, derBitString(new Uint8Array())],
    ['EXTENSION', 'key usage of trailing zeros', oids.keyUsage, derBitString(Uint8Array.of(0x80), 0)],
    ['EXTENSION', 'key usage of unknown bits', oids.keyUsage, derBitString(Uint8Array.of(0, 0x40), 6)],
    ['EXTENSION', 'no extended key usage', oids.extendedKeyUsage, derSequence()],
    ['EXTENSION', 'an extended key usage that is no OID', oids.extendedKeyUsage, derSequence(derNull())],
    [
      'LIMIT',
      'too many extended key usages',
      oids.extendedKeyUsage,
      derSequence(...Array.from({ length: 33 }, () => derOid('1.2.3'))),
    ],
    ['EXTENSION', 'an empty subject key identifier', oids.subjectKeyIdentifier, derOctetString()],
    [
      'EXTENSION',
      'a subject key identifier without its wrapping',
      oids.subjectKeyIdentifier,
      Uint8Array.of(1, 2, 3),
    ],
    ['EXTENSION', 'an empty authority key identifier', oids.authorityKeyIdentifier, derSequence(der(0x80))],
    [
      'EXTENSION',
      'an authority key identifier out of order',
      oids.authorityKeyIdentifier,
      derSequence(der(0x82, Uint8Array.of(1)), der(0x80, Uint8Array.of(1))),
    ],
    ['EXTENSION', 'no alternative name', oids.subjectAlternativeName, derSequence()],
    [
      'LIMIT',
      'too many alternative names',
      oids.subjectAlternativeName,
      derSequence(...Array.from({ length: 65 }, () => der(0x82, encodeUtf8('a')))),
    ],
    ['EXTENSION', 'an empty URI', oids.subjectAlternativeName, derSequence(der(0x86))],
    [
      'EXTENSION',
      'a NUL inside an email',
      oids.subjectAlternativeName,
      derSequence(der(0x81, encodeUtf8('a@b.c\0.evil'))),
    ],
    [
      'EXTENSION',
      'an email beyond ASCII',
      oids.subjectAlternativeName,
      derSequence(der(0x81, encodeUtf8('ä@b.c'))),
    ],
    [
      'EXTENSION',
      'an IP address of five octets',
      oids.subjectAlternativeName,
      derSequence(der(0x87, new Uint8Array(5))),
    ],
    ['EXTENSION', 'a name of no known form', oids.subjectAlternativeName, derSequence(derUtf8String('a'))],
    [
      'EXTENSION',
      'a user name without value',
      oids.subjectAlternativeName,
      derSequence(der(0xa0, derOid(oids.fulcioUsername))),
    ],
    [
      'EXTENSION',
      'an empty user name',
      oids.subjectAlternativeName,
      derSequence(der(0xa0, derOid(oids.fulcioUsername), derExplicit(0, derUtf8String('')))),
    ],
  ])('refuses with %s: %s', (code, _, oid, value) => {
    expect(refusal(() => read(raw(oid, value)))).toBe(code);
  });
});

describe('alternative names', () => {
  const names: GeneralName[] = [
    { type: 'email', value: 'dev@example.com' },
    { type: 'uri', value: 'https://example.com/x' },
    { type: 'dns', value: 'example.com' },
    { type: 'ip', value: '192.0.2.1' },
    { type: 'ip', value: '2001:db8::1' },
    { type: 'otherName', value: 'jürgen!example.com' },
  ];

  it('are read back as written', () => {
    expect(read(raw(oids.subjectAlternativeName, encodeGeneralNames(names))).subjectAlternativeNames).toEqual(
      names,
    );
  });

  it('write the user name as Fulcio does', () => {
    expect(encodeHex(encodeGeneralNames([{ type: 'otherName', value: 'a!b' }]))).toBe(
      '3015a013060a2b0601040183bf300107a0050c03612162',
    );
  });

  it.each<GeneralName>([
    { type: 'email', value: '' },
    { type: 'email', value: 'dév@example.com' },
    { type: 'uri', value: 'https://example.com/\n' },
    { type: 'dns', value: 'a\0b' },
    { type: 'ip', value: '300.1.1.1' },
    { type: 'otherName', value: '' },
    { type: 'otherName', value: 'a\u0007' },
    { type: 'unsupported', value: '820161' },
  ])('refuse $type "$value"', (name) => {
    expect(refusal(() => encodeGeneralNames([name]))).toBe('PROFILE');
  });
});

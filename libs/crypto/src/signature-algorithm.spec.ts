import { describe, expect, it } from '@jest/globals';
import { concatBytes, decodeHex, derNull, derOid, derSequence, encodeHex } from '@sigstead/encoding';
import type { HashAlgorithm } from './digest.ts';
import type { KeyType } from './key-parameters.ts';
import {
  parseSignatureAlgorithm,
  signatureAlgorithmIdentifier,
  signatureFamily,
} from './signature-algorithm.ts';
import { refusal } from './testonly/refusal.ts';

const known: readonly [KeyType, HashAlgorithm, string][] = [
  ['P-256', 'sha256', '300a06082a8648ce3d040302'],
  ['P-384', 'sha384', '300a06082a8648ce3d040303'],
  ['P-521', 'sha512', '300a06082a8648ce3d040304'],
  ['P-384', 'sha256', '300a06082a8648ce3d040302'],
  ['RSA', 'sha256', '300d06092a864886f70d01010b0500'],
  ['RSA', 'sha384', '300d06092a864886f70d01010c0500'],
  ['RSA', 'sha512', '300d06092a864886f70d01010d0500'],
  ['Ed25519', 'sha512', '300506032b6570'],
];
const parse = (der: Uint8Array) => refusal(() => parseSignatureAlgorithm(der));

describe('signature AlgorithmIdentifier', () => {
  it.each(known)('of %s with %s is %s, and back', (type, hash, hex) => {
    expect(encodeHex(signatureAlgorithmIdentifier(type, hash))).toBe(hex);
    expect(parseSignatureAlgorithm(decodeHex(hex))).toEqual({ family: signatureFamily(type), hash });
  });

  it('knows one Ed25519 whatever the hash', () => {
    expect(encodeHex(signatureAlgorithmIdentifier('Ed25519', 'sha256'))).toBe('300506032b6570');
  });

  it('refuses parameters where none belong, and missing ones where NULL belongs', () => {
    expect(parse(derSequence(derOid('1.2.840.10045.4.3.2'), derNull()))).toBe('ALGORITHM');
    expect(parse(derSequence(derOid('1.3.101.112'), derNull()))).toBe('ALGORITHM');
    expect(parse(derSequence(derOid('1.2.840.113549.1.1.11')))).toBe('ALGORITHM');
    expect(parse(derSequence(derOid('1.2.840.113549.1.1.11'), derSequence()))).toBe('ALGORITHM');
    expect(parse(derSequence(derOid('1.2.840.113549.1.1.11'), derNull(), derNull()))).toBe('ALGORITHM');
  });

  it('refuses SHA-1, RSASSA-PSS, key algorithms and garbage', () => {
    for (const oid of [
      '1.2.840.10045.4.1',
      '1.2.840.113549.1.1.5',
      '1.2.840.113549.1.1.10',
      '1.2.840.10045.2.1',
      '2.5.4.3',
    ]) {
      expect(parse(derSequence(derOid(oid), derNull()))).toBe('ALGORITHM');
    }
    const good = signatureAlgorithmIdentifier('P-256', 'sha256');
    expect(parse(concatBytes(good, Uint8Array.of(0)))).toBe('ALGORITHM');
    expect(parse(good.subarray(1))).toBe('ALGORITHM');
    expect(parse(new Uint8Array(0))).toBe('ALGORITHM');
  });
});

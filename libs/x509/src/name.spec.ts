import { describe, expect, it } from '@jest/globals';
import { der, derNull, derOid, derSequence, derSet, derUtf8String, encodeHex } from '@sigstead/encoding';
import { describeName, encodeCaName, nameAttribute, parseName } from './name.ts';
import { oids } from './oids.ts';
import { refusal } from './testonly/refusal.ts';

const attribute = (oid: string, value: Uint8Array): Uint8Array => derSequence(derOid(oid), value);

describe('names', () => {
  it('are written as Go writes them', () => {
    expect(encodeHex(encodeCaName({ organization: 'sigstore.dev', commonName: 'sigstore' }))).toBe(
      '302a31153013060355040a130c73696773746f72652e6465763111300f0603550403130873696773746f7265',
    );
  });

  it('fall back to UTF8String outside the PrintableString alphabet', () => {
    const name = encodeCaName({ organization: 'Bäckerei & Söhne', commonName: 'root' });
    expect(describeName(name)).toBe('O=Bäckerei & Söhne, CN=root');
    expect(nameAttribute(name, oids.commonName)).toBe('root');
    expect(nameAttribute(name, '2.5.4.6')).toBeUndefined();
  });

  it('are described in their own order, with what could deceive escaped', () => {
    const name = derSequence(
      derSet(attribute('2.5.4.3', derUtf8String('a, O=b\n\u202e'))),
      derSet(attribute('2.5.4.10', derUtf8String('c'))),
      derSet(attribute('1.2.3.4', der(0x1e, Uint8Array.of(0, 0x61)))),
    );
    expect(describeName(name)).toBe('CN=a\\, O\\=b\\0a\\202e, O=c, 1.2.3.4=#1e020061');
  });

  it('may be empty', () => {
    expect(describeName(derSequence())).toBe('');
  });

  it.each<[string, string, Uint8Array]>([
    ['MALFORMED', 'trailing data', Uint8Array.of(0x30, 0, 0)],
    ['MALFORMED', 'an empty SET', derSequence(derSet())],
    ['MALFORMED', 'no SET', derSequence(derNull())],
    [
      'MALFORMED',
      'an attribute of three parts',
      derSequence(derSet(derSequence(derOid('2.5.4.3'), derNull(), derNull()))),
    ],
    [
      'MALFORMED',
      'text that is not UTF-8',
      derSequence(derSet(attribute('2.5.4.3', der(0x0c, Uint8Array.of(0xff))))),
    ],
    [
      'LIMIT',
      '65 attributes',
      derSequence(...Array.from({ length: 65 }, () => derSet(attribute('2.5.4.3', derUtf8String('a'))))),
    ],
  ])('are refused with %s: %s', (code, _, bytes) => {
    expect(refusal(() => parseName(bytes))).toBe(code);
  });

  it.each([
    { organization: '', commonName: 'a' },
    { organization: 'a', commonName: 'b'.repeat(65) },
    { organization: 'a\n', commonName: 'b' },
    { organization: 'a', commonName: '\ud800' },
  ])('of a CA must be 1 to 64 plain characters: %j', (name) => {
    expect(refusal(() => encodeCaName(name))).toBe('PROFILE');
  });
});

import { describe, expect, it } from '@jest/globals';
import { concatBytes, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { parseBundle } from './parse-bundle.ts';
import { changed, dsseEnvelope, v03 } from './testonly/bundles.ts';
import { refusal } from './testonly/errors.ts';

const text = JSON.stringify(v03);
const sound = parseBundle(text);
const entry = 'verificationMaterial.tlogEntries[0]';
const { messageSignature: _, ...rest } = v03;
const envelope = JSON.stringify({
  ...rest,
  dsseEnvelope: { ...dsseEnvelope, signatures: [{ sig: 'AQID', keyid: 'k' }] },
});

const replaced = (what: string | RegExp, by: string, whole = text): string => {
  const other = whole.replace(what, by);
  if (other === whole) throw new Error(`nothing to replace: ${what}`);
  return other;
};
const judge = (json: string | Uint8Array): string => refusal(() => parseBundle(json));

// What one reader takes for one bundle and another reader for another (CVE-2026-44309).
describe('a bundle is one bundle to every reader', () => {
  it.each([
    ['the same again', '"logIndex":"79605083"', '"logIndex":"79605083","logIndex":"79605083"'],
    ['another value first', '"logIndex":"79605083"', '"logIndex":"1","logIndex":"79605083"'],
    ['another value last', '"logIndex":"79605083"', '"logIndex":"79605083","logIndex":"1"'],
    ['null beside it', '"logIndex":"79605083"', '"logIndex":"79605083","logIndex":null'],
    [
      'its name spelled with an escape',
      '"logIndex":"79605083"',
      '"logIndex":"79605083","log\\u0049ndex":"1"',
    ],
    ['a whole message', '"messageSignature":', '"messageSignature":{},"messageSignature":'],
    [
      'the media type',
      '"mediaType":',
      '"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","mediaType":',
    ],
    ['an unknown field', '"mediaType":', '"__proto__":1,"__proto__":1,"mediaType":'],
  ])('and has no member twice: %s', (_name, one, two) => {
    expect(judge(replaced(one, two))).toMatch(/^(JSON|UNKNOWN_FIELD)/);
  });

  it.each([
    ['"mediaType":', '"media_type":"x","mediaType":'],
    ['"keyId":', '"key_id":"AQID","keyId":'],
    ['"integratedTime":', '"integrated_time":null,"integratedTime":'],
  ])('and has no field in two spellings: %s', (one, two) => {
    expect(judge(replaced(one, two))).toMatch(/^DUPLICATE_FIELD/);
  });

  it('whichever of the spellings of proto3 JSON it is in', () => {
    for (const same of [
      JSON.stringify(v03, undefined, 2),
      ` \t\r\n${text}\n`,
      replaced('"mediaType"', '"media_type"'),
      replaced('"mediaType"', '"\\u006dediaType"'),
      replaced('"SHA2_256"', '1'),
      replaced('"logIndex":"79605083"', '"logIndex":79605083'),
      replaced('"logIndex":"79605083"', '"logIndex":7.9605083e7'),
      replaced('"logIndex":"79605083"', '"logIndex":79605083.0'),
      replaced('"messageSignature":', '"dsseEnvelope":null,"messageSignature":'),
    ]) {
      expect(parseBundle(same)).toEqual(sound);
    }
  });

  it.each<[string, string | Uint8Array]>([
    ['a byte order mark', concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), encodeUtf8(text))],
    ['a byte order mark as text', `\ufeff${text}`],
    ['another text encoding', Uint8Array.from(Buffer.from(text, 'utf16le'))],
    ['data behind it', `${text}{}`],
    ['the bundle twice', text + text],
    ['a NUL behind it', `${text}\0`],
    ['a comment', `/**/${text}`],
    ['a comma too many', replaced(/}$/, ',}')],
    ['single quotes', replaced('"mediaType"', "'mediaType'")],
    ['a name without quotes', replaced('"mediaType"', 'mediaType')],
    ['NaN', replaced('"79605083"', 'NaN')],
    ['a number with a plus', replaced('"79605083"', '+79605083')],
    ['a number with a zero in front', replaced('"79605083"', '079605083')],
    ['a number in hex', replaced('"79605083"', '0x4beaa9b')],
    ['a raw line feed in a text', replaced('a checkpoint', 'a\ncheckpoint')],
    ['an escape that is none', replaced('a checkpoint', '\\x61 checkpoint')],
    [
      'an overlong form of a character',
      concatBytes(encodeUtf8(text.slice(0, 2)), Uint8Array.of(0xc1, 0xad), encodeUtf8(text.slice(3))),
    ],
    [
      'half a character in UTF-8',
      concatBytes(encodeUtf8('{"mediaType":"'), Uint8Array.of(0xed, 0xa0, 0x80), encodeUtf8('"}')),
    ],
  ])('and JSON to the letter: no %s', (_name, json) => {
    expect(judge(json)).toMatch(/^JSON/);
  });

  it('and has no half characters, which have no bytes to hash', () => {
    expect(judge(replaced('a checkpoint', 'a checkpoint \\ud83d'))).toMatch(/^TYPE/);
    expect(judge(replaced('a checkpoint', 'a \\udd0f\\ud83d checkpoint'))).toMatch(/^TYPE/);
    expect(judge(replaced('a checkpoint', 'a \\ud83d\\udd0f checkpoint'))).toBe('accepted');
    expect(judge(replaced('"keyid":"k"', '"keyid":"\\ud800"', envelope))).toMatch(/^TYPE/);
    expect(judge(replaced('"payloadType":"', '"payloadType":"\\ud800', envelope))).toMatch(/^TYPE/);
  });

  it.each([
    '1e3',
    '1.0',
    '+1',
    '-0',
    '-1',
    '01',
    ' 1',
    '1 ',
    '1_000',
    '0x1',
    '',
    '١',
    '1\n',
    'Infinity',
    '9223372036854775808',
  ])('and has no number spelled %j', (number) => {
    expect(judge(JSON.stringify(changed(v03, `${entry}.logIndex`, number)))).toMatch(/^INTEGER/);
  });

  it.each([
    '9007199254740992',
    '9007199254740993',
    '1e300',
    '1e400',
    '-1',
    '0.5',
    '-1e-3',
    '4.99999999999999999999',
    '1e-400',
  ])('and has no JSON number %s, which not every reader has exactly', (number) => {
    expect(judge(replaced('"79605083"', number))).toMatch(/^(INTEGER|JSON)/);
  });

  it('to the last of its numbers', () => {
    const index = (json: string): bigint | undefined =>
      parseBundle(json).verificationMaterial.tlogEntries[0]?.logIndex;
    expect(index(replaced('"79605083"', '9007199254740991'))).toBe(9007199254740991n);
    expect(index(replaced('79605083', '9007199254740993'))).toBe(9007199254740993n);
    expect(index(replaced('79605083', '9223372036854775807'))).toBe((1n << 63n) - 1n);
    expect(index(replaced('"79605083"', '-0'))).toBe(0n);
  });

  describe('in its base64', () => {
    const key = Uint8Array.from({ length: 32 }, (_item, at) => 0xf8 + (at % 8));
    const logId = (base64: string): Uint8Array | undefined =>
      parseBundle(JSON.stringify(changed(v03, `${entry}.logId.keyId`, base64))).verificationMaterial
        .tlogEntries[0]?.logId;
    const standard = encodeBase64(key);
    const url = standard.replaceAll('+', '-').replaceAll('/', '_');

    it('of either alphabet, padded or not', () => {
      expect(standard).toMatch(/[+/].*=$/);
      for (const same of [standard, url, standard.replace('=', ''), url.replace('=', '')])
        expect(logId(same)).toEqual(key);
    });

    it.each([
      ['both alphabets', standard.replace('/', '_')],
      ['stray bits', standard.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`)],
      ['too much padding', `${standard}=`],
      ['too little padding', `${encodeBase64(key.subarray(0, 31)).slice(0, -1)}`],
      ['padding in the middle', `AQ==${standard}`],
      ['a line feed', `${standard}\n`],
      ['a line feed in the middle', `${standard.slice(0, 4)}\n${standard.slice(4)}`],
      ['a blank', ` ${standard}`],
      ['a character left over', `${standard.replace('=', '')}AA`],
      ['an escape of URLs', standard.replace('=', '%3D')],
      ['a dot', `${standard.replace('=', '')}.`],
    ])('but not with %s', (_name, base64) => {
      expect(refusal(() => logId(base64))).toMatch(/^BASE64/);
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { concatBytes, decodeUtf8, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import fc from 'fast-check';
import { refusal } from '../testonly/errors.ts';
import {
  formatAddCheckpointRequest,
  formatCosignatures,
  formatTlogSize,
  parseAddCheckpointRequest,
  parseCosignatures,
  parseTlogSize,
} from './witness-request.ts';

const NOTE = 'log.example\n5\nAAAA\n\n\u2014 log.example AAAAAAA=\n';
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const line = (byte: number) => encodeBase64(hash(byte));

describe('a request to a witness', () => {
  it('is written as C2SP has it', () => {
    const body = formatAddCheckpointRequest({ oldSize: 3n, proof: [hash(1), hash(2)], note: NOTE });
    expect(decodeUtf8(body)).toBe(`old 3\n${line(1)}\n${line(2)}\n\n${NOTE}`);
  });

  it('has nothing between size and blank line when there is no proof', () => {
    expect(decodeUtf8(formatAddCheckpointRequest({ oldSize: 0n, proof: [], note: NOTE }))).toBe(
      `old 0\n\n${NOTE}`,
    );
  });

  it('is read as it was written', () => {
    const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), hashes, (oldSize, proof) => {
        const request = { oldSize, proof, note: NOTE };
        expect(parseAddCheckpointRequest(formatAddCheckpointRequest(request))).toEqual(request);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no blank line', `old 3\n${line(1)}\n`],
    ['no size', `\n\n${NOTE}`],
    ['another first line', `size 3\n\n${NOTE}`],
    ['a size with a leading zero', `old 03\n\n${NOTE}`],
    ['a negative size', `old -1\n\n${NOTE}`],
    ['a size in hexadecimal', `old 0x3\n\n${NOTE}`],
    ['a size beyond int64', `old 9223372036854775808\n\n${NOTE}`],
    ['two spaces', `old  3\n\n${NOTE}`],
    ['a carriage return', `old 3\r\n\r\n\n\n${NOTE}`],
    ['a hash of 31 bytes', `old 3\n${encodeBase64(new Uint8Array(31))}\n\n${NOTE}`],
    ['a hash of 33 bytes', `old 3\n${encodeBase64(new Uint8Array(33))}\n\n${NOTE}`],
    ['a hash without padding', `old 3\n${line(1).replace('=', '')}\n\n${NOTE}`],
    ['64 hashes', `old 3\n${`${line(1)}\n`.repeat(64)}\n${NOTE}`],
  ])('with %s is refused', (_, text) => {
    expect(refusal(() => parseAddCheckpointRequest(encodeUtf8(text)))).toBe('WITNESS');
  });

  it('of more than 128 KiB is refused before it is read', () => {
    expect(refusal(() => parseAddCheckpointRequest(new Uint8Array(128 * 1024 + 1).fill(0xff)))).toBe('LIMIT');
  });

  it('of bytes that are not UTF-8 is refused', () => {
    expect(
      refusal(() => parseAddCheckpointRequest(concatBytes(encodeUtf8('old 3\n\n'), Uint8Array.of(0xff)))),
    ).toBe('WITNESS');
  });

  it.each([
    ['a negative size', { oldSize: -1n, proof: [] }],
    ['a size beyond int64', { oldSize: 1n << 63n, proof: [] }],
    ['64 hashes', { oldSize: 3n, proof: Array.from({ length: 64 }, () => hash(1)) }],
    ['a hash of 31 bytes', { oldSize: 3n, proof: [new Uint8Array(31)] }],
  ])('with %s is not written', (_, request) => {
    expect(refusal(() => formatAddCheckpointRequest({ ...request, note: NOTE }))).toBe('WITNESS');
  });
});

describe('an answer of a witness', () => {
  const cosignatures = [
    { name: 'witness.example/w1', keyHint: Uint8Array.of(1, 2, 3, 4), signature: new Uint8Array(72).fill(1) },
    { name: 'witness.example/w2', keyHint: Uint8Array.of(5, 6, 7, 8), signature: new Uint8Array(72).fill(2) },
  ];

  it('has one line per cosignature, and is read as it was written', () => {
    const body = formatCosignatures(cosignatures);
    expect(decodeUtf8(body).split('\n')).toHaveLength(3);
    expect(parseCosignatures(body)).toEqual(cosignatures);
  });

  it.each([
    ['nothing', '', 'NOTE'],
    ['no final line feed', '\u2014 w AAAAAAA=', 'NOTE'],
    ['a hyphen', '- w AAAAAAA=\n', 'NOTE'],
    ['a whole note', NOTE, 'NOTE'],
    ['a blank line behind', '\u2014 w AAAAAAA=\n\n', 'NOTE'],
    ['a key hint alone', '\u2014 w AAAAAA==\n', 'NOTE'],
    ['HTML', '<html>\n', 'NOTE'],
    ['101 lines', '\u2014 w AAAAAAA=\n'.repeat(101), 'LIMIT'],
    ['more than 128 KiB', 'x'.repeat(128 * 1024 + 1), 'LIMIT'],
  ])('with %s is refused', (_, text, code) => {
    expect(refusal(() => parseCosignatures(encodeUtf8(text)))).toBe(code);
  });

  it('of bytes that are not UTF-8 is refused', () => {
    expect(refusal(() => parseCosignatures(Uint8Array.of(0xe2, 0x80)))).toBe('WITNESS');
  });

  it('tells a size', () => {
    expect(decodeUtf8(formatTlogSize(20852014n))).toBe('20852014\n');
    for (const size of [0n, 1n, (1n << 63n) - 1n]) expect(parseTlogSize(formatTlogSize(size))).toBe(size);
  });

  it.each(['', '\n', '5', '05\n', '-5\n', '5 \n', '5\n\n', '9223372036854775808\n', 'five\n', '1e3\n'])(
    'tells no size with %j',
    (text) => {
      expect(refusal(() => parseTlogSize(encodeUtf8(text)))).toBe('WITNESS');
    },
  );
});

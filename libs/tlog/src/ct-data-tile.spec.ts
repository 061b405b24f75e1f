import { describe, expect, it } from '@jest/globals';
import { concatBytes, encodeHex } from '@sigstead/encoding';
import fc from 'fast-check';
import {
  type DataTileEntry,
  encodeDataTileEntry,
  parseDataTile,
  parseDataTileEntry,
} from './ct-data-tile.ts';
import { refusal } from './testonly/errors.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const certificate = fc.uint8Array({ minLength: 1, maxLength: 40 });
const shared = {
  timestampMs: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  extensions: fc.uint8Array({ maxLength: 20 }),
  chainFingerprints: fc.array(bytes(32), { maxLength: 4 }),
};
const x509Entries: fc.Arbitrary<DataTileEntry> = fc.record({
  ...shared,
  signedEntry: fc.record({ type: fc.constant('x509' as const), certificate }),
});
const precertificateEntries: fc.Arbitrary<DataTileEntry> = fc.record({
  ...shared,
  signedEntry: fc.record({
    type: fc.constant('precertificate' as const),
    issuerKeyHash: bytes(32),
    tbsCertificate: certificate,
  }),
  precertificate: certificate,
});
const entries = fc.oneof(x509Entries, precertificateEntries);

const sound: DataTileEntry = {
  timestampMs: 1n,
  signedEntry: { type: 'x509', certificate: new Uint8Array([0xaa]) },
  extensions: new Uint8Array(),
  chainFingerprints: [new Uint8Array(32).fill(0xff)],
};
const precertificate: DataTileEntry = {
  ...sound,
  signedEntry: {
    type: 'precertificate',
    issuerKeyHash: new Uint8Array(32).fill(0x11),
    tbsCertificate: new Uint8Array([0xcc]),
  },
  precertificate: new Uint8Array([0xdd]),
};

describe('encodeDataTileEntry', () => {
  it('writes a certificate entry with its chain', () => {
    expect(encodeHex(encodeDataTileEntry(sound))).toBe(
      '0000000000000001' + '0000' + '000001aa' + '0000' + '0020' + 'ff'.repeat(32),
    );
  });

  it('writes the precertificate behind the entry', () => {
    expect(encodeHex(encodeDataTileEntry(precertificate))).toBe(
      '0000000000000001' +
        '0001' +
        '11'.repeat(32) +
        '000001cc' +
        '0000' +
        '000001dd' +
        '0020' +
        'ff'.repeat(32),
    );
  });

  it.each<[string, DataTileEntry]>([
    ['a certificate entry with a precertificate', { ...sound, precertificate: new Uint8Array([1]) }],
    ['a precertificate entry without one', { ...sound, signedEntry: precertificate.signedEntry }],
    ['an empty precertificate', { ...precertificate, precertificate: new Uint8Array() }],
    ['a short fingerprint', { ...sound, chainFingerprints: [new Uint8Array(31)] }],
    ['a chain of 2048', { ...sound, chainFingerprints: Array<Uint8Array>(2048).fill(new Uint8Array(32)) }],
  ])('refuses %s', (_, entry) => {
    expect(refusal(() => encodeDataTileEntry(entry))).toBe('CT');
  });
});

describe('parseDataTile', () => {
  it('gives back the entries of a tile', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 8 }), (tile) =>
        expect(parseDataTile(concatBytes(...tile.map(encodeDataTileEntry)))).toEqual(tile),
      ),
    );
  });

  it('takes 256 entries and no more', () => {
    const one = encodeDataTileEntry(sound);
    const tile = (width: number) => concatBytes(...Array<Uint8Array>(width).fill(one));
    expect(parseDataTile(tile(256))).toHaveLength(256);
    expect(refusal(() => parseDataTile(tile(257)))).toBe('LIMIT');
  });

  it('refuses every cut', () => {
    const whole = encodeDataTileEntry(precertificate);
    for (let length = 1; length < whole.length; length++) {
      expect(refusal(() => parseDataTile(whole.subarray(0, length)))).toBe('CT');
    }
  });

  it('refuses an unknown entry type', () => {
    const changed = encodeDataTileEntry(sound);
    changed[9] = 2;
    expect(refusal(() => parseDataTile(changed))).toBe('CT');
  });

  it('refuses arbitrary bytes with its own error only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tile) => void refusal(() => parseDataTile(tile))),
    );
  });
});

describe('parseDataTileEntry', () => {
  it('reads exactly one', () => {
    const one = encodeDataTileEntry(sound);
    expect(parseDataTileEntry(one)).toEqual(sound);
    expect(refusal(() => parseDataTileEntry(concatBytes(one, one)))).toBe('CT');
  });
});

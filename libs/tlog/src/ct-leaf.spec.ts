import { describe, expect, it } from '@jest/globals';
import { encodeHex } from '@sigstead/encoding';
import { encodeMerkleTreeLeaf, encodeTimestampedEntry, type TimestampedEntry } from './ct-leaf.ts';
import { refusal } from './testonly/errors.ts';

const x509: TimestampedEntry = {
  timestampMs: 0x0102030405n,
  signedEntry: { type: 'x509', certificate: new Uint8Array([0xaa, 0xbb]) },
  extensions: new Uint8Array([0xee]),
};
const precertificate: TimestampedEntry = {
  ...x509,
  signedEntry: {
    type: 'precertificate',
    issuerKeyHash: new Uint8Array(32).fill(0x11),
    tbsCertificate: new Uint8Array([0xcc]),
  },
};

describe('encodeTimestampedEntry', () => {
  it('writes a certificate entry', () => {
    expect(encodeHex(encodeTimestampedEntry(x509))).toBe(
      '0000000102030405' + '0000' + '000002aabb' + '0001ee',
    );
  });

  it('writes a precertificate entry', () => {
    expect(encodeHex(encodeTimestampedEntry(precertificate))).toBe(
      '0000000102030405' + '0001' + '11'.repeat(32) + '000001cc' + '0001ee',
    );
  });

  it.each<[string, Partial<TimestampedEntry>]>([
    ['a negative timestamp', { timestampMs: -1n }],
    ['a timestamp of 2^64', { timestampMs: 1n << 64n }],
    ['an empty certificate', { signedEntry: { type: 'x509', certificate: new Uint8Array() } }],
    ['a certificate of 16 MiB', { signedEntry: { type: 'x509', certificate: new Uint8Array(1 << 24) } }],
    ['extensions of 64 KiB', { extensions: new Uint8Array(1 << 16) }],
    [
      'a short issuer key hash',
      {
        signedEntry: {
          type: 'precertificate',
          issuerKeyHash: new Uint8Array(31),
          tbsCertificate: new Uint8Array(1),
        },
      },
    ],
    [
      'an empty TBSCertificate',
      {
        signedEntry: {
          type: 'precertificate',
          issuerKeyHash: new Uint8Array(32),
          tbsCertificate: new Uint8Array(),
        },
      },
    ],
  ])('refuses %s', (_, change) => {
    expect(refusal(() => encodeTimestampedEntry({ ...x509, ...change }))).toBe('CT');
  });
});

describe('encodeMerkleTreeLeaf', () => {
  it('puts version and type before the entry', () => {
    expect(encodeHex(encodeMerkleTreeLeaf(x509))).toBe(`0000${encodeHex(encodeTimestampedEntry(x509))}`);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, decodeHex, derNull, derOctetString, encodeHex } from '@sigstead/encoding';
import { oids } from './oids.ts';
import {
  certificateSctSignatureInput,
  embeddedScts,
  encodeSct,
  encodeSctList,
  parseSct,
  parseSctList,
  sctListExtension,
  sctSignatureInput,
  type SignedCertificateTimestamp,
} from './sct.ts';
import { authority, craftedLeaf } from './testonly/authority.ts';
import { refusal } from './testonly/refusal.ts';

const SCT: SignedCertificateTimestamp = {
  version: 0,
  logId: new Uint8Array(32).fill(0xab),
  timestampMs: 0x0123456789abn,
  extensions: Uint8Array.of(0, 0, 5),
  hashAlgorithm: 4,
  signatureAlgorithm: 3,
  signature: Uint8Array.of(0x30, 0x02, 0x05, 0x00),
};
const ENCODED = `00${'ab'.repeat(32)}00000123456789ab000300000504030004${'30020500'}`;

const scts = fc.record({
  version: fc.constant(0 as const),
  logId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  timestampMs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  extensions: fc.uint8Array({ maxLength: 20 }),
  hashAlgorithm: fc.nat(255),
  signatureAlgorithm: fc.nat(255),
  signature: fc.uint8Array({ maxLength: 80 }),
});

describe('signed certificate timestamps', () => {
  it('have the bytes of RFC 6962 section 3.2', () => {
    expect(encodeHex(encodeSct(SCT))).toBe(ENCODED);
    expect(parseSct(decodeHex(ENCODED))).toEqual(SCT);
  });

  it('stand in a list with two lengths', () => {
    expect(encodeHex(encodeSctList([SCT]))).toBe(`00380036${ENCODED}`);
    expect(encodeHex(sctListExtension([SCT]).value)).toBe(`043a00380036${ENCODED}`);
  });

  it('survive encoding', () => {
    fc.assert(
      fc.property(fc.array(scts, { minLength: 1, maxLength: 4 }), (list) => {
        expect(parseSctList(encodeSctList(list))).toEqual(list);
      }),
    );
  });

  it('are refused when cut anywhere', () => {
    const list = encodeSctList([SCT, SCT]);
    for (let length = 0; length < list.length; length++) {
      expect(refusal(() => parseSctList(list.subarray(0, length)))).toBe('SCT_MALFORMED');
    }
  });

  it.each<[string, () => unknown]>([
    ['trailing data after the list', () => parseSctList(concatBytes(encodeSctList([SCT]), Uint8Array.of(0)))],
    ['trailing data after an SCT', () => parseSct(concatBytes(encodeSct(SCT), Uint8Array.of(0)))],
    ['version 1', () => parseSct(concatBytes(Uint8Array.of(1), encodeSct(SCT).subarray(1)))],
    ['an empty list', () => parseSctList(Uint8Array.of(0, 0))],
    ['an empty SCT', () => parseSctList(Uint8Array.of(0, 2, 0, 0))],
    ['a short log ID', () => encodeSct({ ...SCT, logId: new Uint8Array(31) })],
    ['a time beyond 64 bits', () => encodeSct({ ...SCT, timestampMs: 2n ** 64n })],
    ['a negative time', () => encodeSct({ ...SCT, timestampMs: -1n })],
    ['a signature too long for its length', () => encodeSct({ ...SCT, signature: new Uint8Array(65536) })],
    ['no SCT to list', () => encodeSctList([])],
  ])('are refused with SCT_MALFORMED: %s', (_, run) => {
    expect(refusal(run)).toBe('SCT_MALFORMED');
  });

  it('are refused when there are more than 16', () => {
    const one = encodeSct(SCT);
    const entries = concatBytes(
      ...Array.from({ length: 17 }, () => concatBytes(Uint8Array.of(0, one.length), one)),
    );
    const list = concatBytes(Uint8Array.of(entries.length >> 8, entries.length & 0xff), entries);
    expect(refusal(() => parseSctList(list))).toBe('LIMIT');
  });

  it('are read from a certificate, or refused there', async () => {
    const ca = await authority('issuing', { type: 'P-256' });
    const list = sctListExtension([SCT]);
    expect(embeddedScts(await craftedLeaf(ca, { extensions: [list] }))).toEqual([SCT]);
    expect(embeddedScts(await craftedLeaf(ca))).toEqual([]);
    for (const value of [
      derNull(),
      encodeSctList([SCT]),
      concatBytes(derOctetString(encodeSctList([SCT])), derNull()),
    ]) {
      const certificate = await craftedLeaf(ca, {
        extensions: [{ oid: oids.sctList, critical: false, value }],
      });
      expect(refusal(() => embeddedScts(certificate))).toBe('SCT_MALFORMED');
    }
  });
});

describe('what a log signs', () => {
  it('is the precert_entry', () => {
    const input = sctSignatureInput({
      timestampMs: 0x0102n,
      issuerKeyHash: new Uint8Array(32).fill(0xcc),
      tbs: Uint8Array.of(0x30, 0),
      extensions: Uint8Array.of(9),
    });
    expect(encodeHex(input)).toBe(`000000000000000001020001${'cc'.repeat(32)}0000023000000109`);
  });

  it('is the x509_entry', () => {
    const input = certificateSctSignatureInput({
      timestampMs: 0x0102n,
      certificate: Uint8Array.of(0x30, 0),
      extensions: new Uint8Array(),
    });
    expect(encodeHex(input)).toBe('0000000000000000010200000000023000' + '0000');
  });

  it('needs a whole issuer key hash', () => {
    const input = {
      timestampMs: 1n,
      issuerKeyHash: new Uint8Array(31),
      tbs: new Uint8Array(),
      extensions: new Uint8Array(),
    };
    expect(refusal(() => sctSignatureInput(input))).toBe('SCT_MALFORMED');
  });
});

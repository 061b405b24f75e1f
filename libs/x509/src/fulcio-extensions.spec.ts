import { describe, expect, it, beforeAll } from '@jest/globals';
import fc from 'fast-check';
import { derPrintableString, derUtf8String, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import type { Extension } from './extension.ts';
import {
  encodeFulcioExtensions,
  FULCIO_EXTENSIONS,
  readFulcioExtensions,
  type FulcioClaims,
} from './fulcio-extensions.ts';
import { oids } from './oids.ts';
import { authority, CLAIMS, craftedLeaf, type Authority } from './testonly/authority.ts';
import { asyncRefusal, refusal } from './testonly/refusal.ts';

const number = ({ oid }: Extension): number => Number(oid.slice(oids.fulcio.length + 1));
const fulcio = (n: number, value: Uint8Array): Extension => ({
  oid: `${oids.fulcio}.${n}`,
  critical: false,
  value,
});

describe('Fulcio extensions', () => {
  let ca: Authority;
  beforeAll(async () => {
    ca = await authority('issuing', { type: 'P-256' });
  });
  const readBack = async (extensions: Extension[]): Promise<Partial<FulcioClaims>> =>
    readFulcioExtensions(await craftedLeaf(ca, { extensions }));

  it('stand in numeric order without .7, none critical', () => {
    const extensions = encodeFulcioExtensions(CLAIMS);
    expect(extensions.map(number)).toEqual([
      1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    ]);
    expect(extensions.every(({ critical }) => !critical)).toBe(true);
  });

  it('hold raw text up to .6 and a UTF8String from .8 on', () => {
    const [first, second] = encodeFulcioExtensions({ issuer: 'https://é' });
    expect(encodeHex(first?.value ?? new Uint8Array())).toBe('68747470733a2f2fc3a9');
    expect(encodeHex(second?.value ?? new Uint8Array())).toBe('0c0a68747470733a2f2fc3a9');
  });

  it('leave out what is absent or empty', () => {
    expect(encodeFulcioExtensions({ issuer: 'i', buildTrigger: '', subject: 's' }).map(number)).toEqual([
      1, 8, 24,
    ]);
  });

  it('carry any claims there and back', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const others = FULCIO_EXTENSIONS.map(({ claim }) => claim).filter((claim) => claim !== 'issuer');
    const claims = fc.record(
      { issuer: text, ...Object.fromEntries(others.map((claim) => [claim, text])) },
      { requiredKeys: ['issuer'] },
    ) as fc.Arbitrary<FulcioClaims>;
    await fc.assert(
      fc.asyncProperty(claims, async (want) => {
        expect(await readBack(encodeFulcioExtensions(want))).toEqual(want);
      }),
      { numRuns: 30 },
    );
  });

  it('name the issuer in either form', async () => {
    expect(await readBack([fulcio(1, encodeUtf8('old'))])).toEqual({ issuer: 'old' });
    expect(await readBack([fulcio(8, derUtf8String('new'))])).toEqual({ issuer: 'new' });
  });

  it('take an empty value for an absent one', async () => {
    expect(await readBack([fulcio(8, derUtf8String('i')), fulcio(24, derUtf8String(''))])).toEqual({
      issuer: 'i',
    });
  });

  it('need not name an issuer', async () => {
    expect(await readBack([fulcio(24, derUtf8String('s'))])).toEqual({ subject: 's' });
  });

  it.each<[string, string, Extension[]]>([
    ['EXTENSION', 'a PrintableString', [fulcio(8, derPrintableString('i'))]],
    ['EXTENSION', 'raw text where a UTF8String is wanted', [fulcio(8, encodeUtf8('issuer'))]],
    ['EXTENSION', 'trailing data', [fulcio(8, Uint8Array.of(0x0c, 1, 0x69, 0))]],
    ['EXTENSION', 'bytes that are not UTF-8', [fulcio(1, Uint8Array.of(0xff))]],
    ['ISSUER_CONFLICT', 'two different issuers', [fulcio(1, encodeUtf8('a')), fulcio(8, derUtf8String('b'))]],
  ])('are refused with %s: %s', async (code, _, extensions) => {
    expect(await asyncRefusal(() => readBack(extensions))).toBe(code);
  });

  it('are not written without issuer or with broken text', () => {
    expect(refusal(() => encodeFulcioExtensions({ issuer: '' }))).toBe('PROFILE');
    expect(refusal(() => encodeFulcioExtensions({ issuer: 'i', subject: '\udc00' }))).toBe('PROFILE');
  });
});

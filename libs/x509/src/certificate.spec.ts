import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  concatBytes,
  der,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUtcTime,
  derUtf8String,
  encodeHex,
} from '@sigstead/encoding';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { Certificate } from './certificate.ts';
import { X509Error } from './errors.ts';
import { encodeExtension, type Extension } from './extension.ts';
import { readFulcioExtensions } from './fulcio-extensions.ts';
import { oids } from './oids.ts';
import { precertificateTbs } from './precertificate.ts';
import { embeddedScts } from './sct.ts';
import { verifyCertificateSignature } from './signature.ts';
import { authority, CLAIMS, EXPIRES, issue, ISSUED, SERIAL, type Authority } from './testonly/authority.ts';
import { isOrderly, refusal } from './testonly/refusal.ts';

const ALGORITHM = derSequence(derOid('1.2.840.10045.4.3.2'));
const KEY = PrivateKeySigner.generate('P-256').publicKey;
const NO_NAME = derSequence();

/** A certificate from raw parts, to break one of them. */
function assemble(parts: {
  version?: Uint8Array;
  serial?: Uint8Array;
  issuer?: Uint8Array;
  validity?: Uint8Array;
  spki?: Uint8Array;
  beforeExtensions?: Uint8Array;
  extensions?: Uint8Array;
  afterExtensions?: Uint8Array;
  signature?: Uint8Array;
  tail?: Uint8Array;
}): Uint8Array {
  const none = new Uint8Array();
  const tbs = derSequence(
    parts.version ?? derExplicit(0, derInteger(2n)),
    parts.serial ?? derInteger(7n),
    ALGORITHM,
    parts.issuer ?? NO_NAME,
    parts.validity ?? derSequence(derUtcTime(ISSUED), derUtcTime(EXPIRES)),
    NO_NAME,
    parts.spki ?? KEY.spki,
    parts.beforeExtensions ?? none,
    parts.extensions ?? none,
    parts.afterExtensions ?? none,
  );
  return derSequence(tbs, ALGORITHM, parts.signature ?? derBitString(Uint8Array.of(1)), parts.tail ?? none);
}

function withExtensions(...extensions: Extension[]): Uint8Array {
  return assemble({ extensions: derExplicit(3, derSequence(...extensions.map(encodeExtension))) });
}

const extension = (oid: string, value: Uint8Array, critical = false): Extension => ({ oid, value, critical });

describe('Certificate', () => {
  let ca: Authority;
  let leaf: Certificate;

  beforeAll(async () => {
    ca = await authority('issuing', { pathLength: 0, extendedKeyUsages: [oids.codeSigning] });
    leaf = (await issue(ca, PrivateKeySigner.generate('P-256'))).certificate;
  });

  it('reads what Node reads from a leaf', () => {
    const oracle = new X509Certificate(leaf.raw);
    expect(encodeHex(leaf.serialNumber)).toBe(oracle.serialNumber.toLowerCase());
    expect(leaf.notBefore).toEqual(new Date(oracle.validFrom));
    expect(leaf.notAfter).toEqual(new Date(oracle.validTo));
    expect(leaf.extendedKeyUsages).toEqual(oracle.keyUsage);
    expect(leaf.isCa).toBe(oracle.ca);
    expect(encodeHex(leaf.publicKey.spki)).toBe(
      oracle.publicKey.export({ format: 'der', type: 'spki' }).toString('hex'),
    );
    expect(`URI:${leaf.subjectAlternativeNames[0]?.value ?? ''}`).toBe(oracle.subjectAltName);
    expect(leaf.toPem()).toBe(oracle.toString());
  });

  it('reads what Node reads from a CA', () => {
    const oracle = new X509Certificate(ca.certificate.raw);
    expect(ca.certificate.isCa).toBe(oracle.ca);
    expect(ca.certificate.pathLength).toBe(0);
    expect(ca.certificate.describe()).toBe(`certificate "${oracle.subject.split('\n').join(', ')}"`);
    expect(ca.certificate.keyUsage).toEqual(['keyCertSign', 'cRLSign']);
  });

  it('gives every field of the leaf', () => {
    expect(leaf.serialNumber).toEqual(SERIAL);
    expect(encodeHex(leaf.subject)).toBe('3000');
    expect(leaf.issuer).toEqual(ca.certificate.subject);
    expect(leaf.authorityKeyIdentifier).toEqual(ca.certificate.subjectKeyIdentifier);
    expect(leaf.keyUsage).toEqual(['digitalSignature']);
    expect(leaf.spkiHash).toEqual(sha256(leaf.spki));
    expect(leaf.describe()).toBe(`certificate with serial number ${encodeHex(SERIAL)}`);
    expect(leaf.unknownCriticalExtensions).toEqual([]);
    expect(readFulcioExtensions(leaf)).toEqual(CLAIMS);
  });

  it('survives PEM', () => {
    expect(Certificate.fromPem(leaf.toPem()).raw).toEqual(leaf.raw);
    expect(Certificate.chainFromPem(leaf.toPem() + ca.certificate.toPem()).map(({ raw }) => raw)).toEqual([
      leaf.raw,
      ca.certificate.raw,
    ]);
  });

  it('does not share memory with its input', () => {
    const input = Uint8Array.from(leaf.raw);
    const certificate = Certificate.parse(input);
    input.fill(0);
    expect(certificate.raw).toEqual(leaf.raw);
  });

  it('parses a certificate with a broken key and refuses only the key', () => {
    const offCurve = Uint8Array.from(KEY.spki);
    offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
    const certificate = Certificate.parse(assemble({ spki: offCurve }));
    expect(refusal(() => certificate.publicKey)).toBe('PUBLIC_KEY');
  });

  it('records critical extensions nothing enforces', () => {
    const constraints = extension('2.5.29.30', derSequence(), true);
    const parsed = Certificate.parse(withExtensions(constraints, extension('1.2.3.4', derNull(), false)));
    expect(parsed.unknownCriticalExtensions).toEqual(['2.5.29.30']);
  });

  it('takes a certificate without extensions', () => {
    const certificate = Certificate.parse(assemble({}));
    expect(certificate.extensions).toEqual([]);
    expect(certificate.tbsWithout('1.2.3')).toEqual(certificate.tbs);
    expect(certificate.keyUsage).toBeUndefined();
  });

  it.each<[string, string, () => Uint8Array]>([
    ['LIMIT', 'more than 64 KiB', () => new Uint8Array(64 * 1024 + 1)],
    ['MALFORMED', 'nothing', () => new Uint8Array()],
    ['MALFORMED', 'trailing data', () => concatBytes(assemble({}), Uint8Array.of(0))],
    ['MALFORMED', 'a fourth part', () => assemble({ tail: derNull() })],
    ['MALFORMED', 'version 1', () => assemble({ version: new Uint8Array() })],
    ['MALFORMED', 'version 2', () => assemble({ version: derExplicit(0, derInteger(1n)) })],
    ['MALFORMED', 'a negative serial number', () => assemble({ serial: derInteger(-1n) })],
    ['MALFORMED', 'a long serial number', () => assemble({ serial: derInteger(new Uint8Array(21).fill(1)) })],
    ['MALFORMED', 'a padded serial number', () => assemble({ serial: der(2, Uint8Array.of(0, 1)) })],
    ['MALFORMED', 'an issuer that is no name', () => assemble({ issuer: derSequence(derNull()) })],
    [
      'MALFORMED',
      'a local time',
      () =>
        assemble({
          validity: derSequence(der(23, new TextEncoder().encode('2601010000+0100')), derUtcTime(EXPIRES)),
        }),
    ],
    [
      'MALFORMED',
      'a validity of three times',
      () => assemble({ validity: derSequence(derUtcTime(ISSUED), derUtcTime(EXPIRES), derUtcTime(EXPIRES)) }),
    ],
    [
      'MALFORMED',
      'a key of broken bits',
      () => assemble({ spki: derSequence(ALGORITHM, derBitString(Uint8Array.of(8), 3)) }),
    ],
    [
      'MALFORMED',
      'a signature of broken bits',
      () => assemble({ signature: derBitString(Uint8Array.of(8), 3) }),
    ],
    [
      'MALFORMED',
      'a unique identifier',
      () => assemble({ beforeExtensions: der(0x81, Uint8Array.of(0, 1)) }),
    ],
    ['MALFORMED', 'no extension in the list', () => assemble({ extensions: derExplicit(3, derSequence()) })],
    [
      'MALFORMED',
      'two lists of extensions',
      () =>
        assemble({
          extensions: derExplicit(
            3,
            derSequence(encodeExtension(extension('1.2.3', derNull()))),
            derSequence(),
          ),
        }),
    ],
    [
      'MALFORMED',
      'a field after the extensions',
      () =>
        assemble({
          extensions: derExplicit(3, derSequence(encodeExtension(extension('1.2.3', derNull())))),
          afterExtensions: derNull(),
        }),
    ],
    [
      'MALFORMED',
      'criticality FALSE written out',
      () =>
        assemble({
          extensions: derExplicit(
            3,
            derSequence(derSequence(derOid('1.2.3'), derBoolean(false), derOctetString())),
          ),
        }),
    ],
    [
      'MALFORMED',
      'an extension that is no SEQUENCE',
      () => assemble({ extensions: derExplicit(3, derSequence(derNull())) }),
    ],
    [
      'DUPLICATE_EXTENSION',
      'an extension twice',
      () => withExtensions(extension('1.2.3', derNull()), extension('1.2.3', derNull(), true)),
    ],
    [
      'LIMIT',
      'too many extensions',
      () => withExtensions(...Array.from({ length: 65 }, (_, i) => extension(`1.2.${i}`, derNull()))),
    ],
  ])('refuses with %s: %s', (code, _, make) => {
    expect(refusal(() => Certificate.parse(make()))).toBe(code);
  });

  it('names the DER error as cause', () => {
    try {
      Certificate.parse(Uint8Array.of(0x30, 0x80));
      throw new Error('accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(X509Error);
      expect((error as X509Error).cause).toMatchObject({ name: 'EncodingError', code: 'DER' });
    }
  });

  it.each([
    ['two certificates where one is wanted', () => leaf.toPem() + leaf.toPem()],
    ['another label', () => leaf.toPem().replaceAll('CERTIFICATE', 'PUBLIC KEY')],
    ['text that is no PEM', () => 'certificate'],
  ])('refuses PEM with %s', (_, make) => {
    expect(refusal(() => Certificate.fromPem(make()))).toBe('MALFORMED');
  });

  it('refuses PEM beyond its limits', () => {
    expect(refusal(() => Certificate.fromPem(' '.repeat(256 * 1024 + 1)))).toBe('LIMIT');
    expect(refusal(() => Certificate.chainFromPem(leaf.toPem().repeat(17)))).toBe('MALFORMED');
  });

  it('answers any change of bytes with one of three error classes', () => {
    const sources = [leaf.raw, ca.certificate.raw];
    fc.assert(
      fc.property(
        fc.nat(sources.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat()),
        (source, changes, cut) => {
          const bytes = Uint8Array.from(sources[source] as Uint8Array);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const input = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
          return isOrderly(() => {
            const certificate = Certificate.parse(input);
            certificate.describe();
            for (const read of [
              () => certificate.publicKey,
              () => readFulcioExtensions(certificate),
              () => embeddedScts(certificate),
              () => precertificateTbs(certificate),
              () => verifyCertificateSignature(certificate, ca.certificate),
            ]) {
              isOrderly(read);
            }
          });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('answers random bytes with an error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (bytes) => refusal(() => Certificate.parse(bytes)) !== 'accepted',
      ),
    );
  });

  it('has a signature that no single flipped bit survives', () => {
    fc.assert(
      fc.property(fc.nat(leaf.tbs.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Uint8Array.from(leaf.raw);
        const position = leaf.tbs.byteOffset - leaf.raw.byteOffset + at;
        bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
        return (
          refusal(() => verifyCertificateSignature(Certificate.parse(bytes), ca.certificate)) !== 'accepted'
        );
      }),
      { numRuns: 300 },
    );
  });

  it('keeps unusual alternative names in count and order', () => {
    const directory = der(0xa4, derSequence());
    const names = derSequence(
      directory,
      der(0x87, Uint8Array.of(127, 0, 0, 1)),
      der(0x82, derUtf8String('x').subarray(2)),
    );
    const parsed = Certificate.parse(withExtensions(extension(oids.subjectAlternativeName, names)));
    expect(parsed.subjectAlternativeNames).toEqual([
      { type: 'unsupported', value: encodeHex(directory) },
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'x' },
    ]);
  });
});

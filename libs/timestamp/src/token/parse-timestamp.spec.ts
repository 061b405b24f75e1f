import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTimestampResponse } from '../time-stamp-resp.ts';
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
  derSet,
  derTime,
  derUtf8String,
  encodeUtf8,
  tags,
} from '@sigstead/encoding';
import { digest, sha256 } from '@sigstead/crypto';
import { digestAlgorithmWithNull } from '../digest-algorithm.ts';
import type { TimestampErrorCode } from '../errors.ts';
import { oids } from '../oids.ts';
import { makeTimestampSigner, NOW } from '../testonly/authority.ts';
import { refusal, refusalCode } from '../testonly/refusal.ts';
import { ARTIFACT, DIGEST } from '../testonly/request.ts';
import {
  algorithm,
  attribute,
  certificates,
  encodeTstInfo,
  implicit,
  imprint,
  makeAuthority,
  makeResponse,
  makeToken,
  type ResponseParts,
  type TestAttributes,
  type TestAuthority,
} from '../testonly/token.ts';
import { MAX_NONCE_OCTETS } from '../time-stamp-req.ts';
import { MAX_TIMESTAMP_BYTES, parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

const MD5 = '1.2.840.113549.2.5';
const SHA1 = '1.3.14.3.2.26';
const SHA256 = '2.16.840.1.101.3.4.2.1';
let tsa: TestAuthority;

beforeAll(async () => {
  tsa = await makeAuthority('P-256');
});

const time = (text: string): Uint8Array => der(tags.generalizedTime, encodeUtf8(text));
const status = (...fields: readonly Uint8Array[]): ResponseParts => ({ status: derSequence(...fields) });
const tstInfo = (parts: ResponseParts['tstInfo']): ResponseParts => ({ ...(parts && { tstInfo: parts }) });
const signer = (parts: ResponseParts['signer']): ResponseParts => ({ ...(parts && { signer: parts }) });
const attributes = (choose: (usual: TestAttributes) => readonly Uint8Array[]): ResponseParts =>
  signer({ attributes: choose });
const rest = (...fields: readonly Uint8Array[]): ResponseParts => tstInfo({ rest: fields });
const accuracy = (...fields: readonly Uint8Array[]): ResponseParts => rest(derSequence(...fields));
const thousandths = (n: number, ...octets: readonly number[]) =>
  der(tags.contextPrimitive | n, Uint8Array.from(octets));
const extension = (oid: string, critical: boolean) =>
  derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(derNull()));
const extensions = (...list: readonly Uint8Array[]): ResponseParts =>
  rest(der(tags.contextConstructed | 1, ...list));

/** Accepted to the end: what is read is also what is signed. */
const accept = (parts: ResponseParts) =>
  verifyTimestamp(parseTimestamp(makeResponse(tsa, parts)), ARTIFACT, tsa.chain);
const refuse = (parts: ResponseParts): Promise<TimestampErrorCode> =>
  refusalCode(() => parseTimestamp(makeResponse(tsa, parts)));

type Cases = readonly [string, () => ResponseParts, TimestampErrorCode][];

describe('parseTimestamp', () => {
  it('reads what the authority here writes', async () => {
    const { signer: key, chain } = await makeTimestampSigner('P-384');
    const response = await createTimestampResponse(
      {
        hash: 'sha384',
        hashedMessage: digest('sha384', ARTIFACT),
        policy: undefined,
        nonce: -5n,
        certReq: true,
        extensions: [],
      },
      {
        signer: key,
        chain,
        policy: { accepted: ['1.2.3'], default: '1.2.3' },
        genTime: NOW,
        serialNumber: Uint8Array.of(0x80, 1),
        accuracySeconds: 1,
        includeChain: true,
      },
    );
    const verified = verifyTimestamp(parseTimestamp(response), ARTIFACT, chain);
    expect(verified).toMatchObject({
      policy: '1.2.3',
      serialNumber: Uint8Array.of(0, 0x80, 1),
      hashAlgorithm: 'sha384',
    });
  });

  it('keeps a copy: writing to the bytes afterwards changes nothing', () => {
    const bytes = makeResponse(tsa);
    const timestamp = parseTimestamp(bytes);
    bytes.fill(0);
    expect(() => verifyTimestamp(timestamp, ARTIFACT, tsa.chain)).not.toThrow();
  });

  describe('the response', () => {
    it('is taken with a text for people', () => {
      expect(() =>
        accept(status(derInteger(0n), derSequence(derUtf8String('Operation Okay')))),
      ).not.toThrow();
    });

    const cases: Cases = [
      ['granted with modifications', () => status(derInteger(1n)), 'STATUS'],
      ['rejected', () => status(derInteger(2n)), 'STATUS'],
      ['of a status below zero', () => status(derInteger(-1n)), 'STATUS'],
      ['of a status of many octets', () => status(derInteger(1n << 4000n)), 'STATUS'],
      ['granted and failed', () => status(derInteger(0n), derBitString(Uint8Array.of(4), 2)), 'STATUS'],
      ['without a status', () => status(), 'MALFORMED'],
      [
        'with a status string that is none',
        () => status(derInteger(0n), derSequence(derNull())),
        'MALFORMED',
      ],
      [
        'with seventeen status strings',
        () => status(derInteger(0n), derSequence(...Array<Uint8Array>(17).fill(derUtf8String('')))),
        'MALFORMED',
      ],
      ['with more after its status', () => status(derInteger(0n), derNull()), 'MALFORMED'],
    ];
    it.each(cases)('is refused %s', async (_what, parts, code) => {
      expect(await refuse(parts())).toBe(code);
    });

    it('is refused without a token, as a bare token, and with anything after it', async () => {
      const response = makeResponse(tsa);
      const granted = derSequence(derInteger(0n));
      for (const bytes of [
        new Uint8Array(),
        derSequence(granted),
        makeToken(tsa),
        derSequence(granted, makeToken(tsa), derNull()),
        concatBytes(response, Uint8Array.of(0)),
        concatBytes(response, response),
        Uint8Array.of(0x30, 0x80, 0, 0),
      ])
        expect(await refusalCode(() => parseTimestamp(bytes))).toBe('MALFORMED');
    });

    it('is refused unread over 64 KiB', async () => {
      const { code, message } = await refusal(() => parseTimestamp(new Uint8Array(MAX_TIMESTAMP_BYTES + 1)));
      expect([code, message]).toEqual(['TOO_LARGE', expect.stringContaining('65537 bytes')]);
      expect(await refusalCode(() => parseTimestamp(new Uint8Array(MAX_TIMESTAMP_BYTES)))).toBe('MALFORMED');
    });
  });

  describe('the signed data', () => {
    const many = (count: number) => certificates(...Array<Uint8Array>(count).fill(tsa.leaf.raw));
    it('takes sixteen certificates', () => {
      expect(() => accept({ extra: [many(16)] })).not.toThrow();
    });

    const cases: Cases = [
      ['of another type', () => ({ tokenType: '1.2.840.113549.1.7.1' }), 'CONTENT_TYPE'],
      ['with another content', () => ({ contentType: '1.2.840.113549.1.7.1' }), 'CONTENT_TYPE'],
      ['of version 1', () => ({ version: derInteger(1n) }), 'MALFORMED'],
      ['of version 4', () => ({ version: derInteger(4n) }), 'MALFORMED'],
      ['without a digest algorithm', () => ({ digestAlgorithms: [] }), 'MALFORMED'],
      [
        'with two digest algorithms',
        () => ({ digestAlgorithms: [digestAlgorithmWithNull('sha256'), digestAlgorithmWithNull('sha512')] }),
        'SIGNED_DATA',
      ],
      [
        'with another digest algorithm than the signer',
        () => ({ digestAlgorithms: [digestAlgorithmWithNull('sha512')] }),
        'SIGNED_DATA',
      ],
      ['with SHA-1 as digest algorithm', () => ({ digestAlgorithms: [algorithm(SHA1)] }), 'WEAK_HASH'],
      ['with an unknown digest algorithm', () => ({ digestAlgorithms: [algorithm(MD5)] }), 'HASH_ALGORITHM'],
      ['without content', () => ({ content: new Uint8Array() }), 'MALFORMED'],
      [
        'with its content in pieces',
        () => ({ content: der(tags.octetString | 0x20, derOctetString(encodeTstInfo())) }),
        'MALFORMED',
      ],
      ['with content that is no string', () => ({ content: encodeTstInfo() }), 'MALFORMED'],
      [
        'with two contents',
        () => ({ content: concatBytes(derOctetString(encodeTstInfo()), derNull()) }),
        'MALFORMED',
      ],
      ['with seventeen certificates', () => ({ extra: [many(17)] }), 'MALFORMED'],
      [
        'with a certificate that is none',
        () => ({ extra: [certificates(derSequence(derNull()))] }),
        'MALFORMED',
      ],
      [
        'with an attribute certificate',
        () => ({ extra: [certificates(implicit(2, derSequence()))] }),
        'MALFORMED',
      ],
      ['with revocation lists', () => ({ extra: [certificates(), implicit(1, derSet())] }), 'SIGNED_DATA'],
      ['with revocation lists alone', () => ({ extra: [implicit(1, derSet())] }), 'SIGNED_DATA'],
      ['with certificates twice', () => ({ extra: [certificates(), certificates()] }), 'MALFORMED'],
      ['without a signer', () => ({ signerInfos: () => [] }), 'SIGNED_DATA'],
      ['with two signers', () => ({ signerInfos: (one) => [one, one] }), 'SIGNED_DATA'],
      ['with a signer that is none', () => ({ signerInfos: () => [derNull()] }), 'MALFORMED'],
    ];
    it.each(cases)('is refused %s', async (_what, parts, code) => {
      expect(await refuse(parts())).toBe(code);
    });
  });

  describe('the signer', () => {
    const cases: Cases = [
      ['of version 3', () => signer({ version: derInteger(3n) }), 'MALFORMED'],
      ['named by key identifier', () => signer({ sid: der(0x80, new Uint8Array(20)) }), 'MALFORMED'],
      [
        'named by more than issuer and number',
        () => signer({ sid: derSequence(derSequence(), derInteger(1n), derNull()) }),
        'MALFORMED',
      ],
      ['with SHA-1 as digest algorithm', () => signer({ digestAlgorithm: algorithm(SHA1) }), 'WEAK_HASH'],
      [
        'with an unknown digest algorithm',
        () => signer({ digestAlgorithm: algorithm(MD5) }),
        'HASH_ALGORITHM',
      ],
      [
        'with parameters of the digest that are not NULL',
        () => signer({ digestAlgorithm: algorithm(SHA256, [derInteger(1n)]) }),
        'MALFORMED',
      ],
      [
        'with parameters of the digest twice',
        () => signer({ digestAlgorithm: algorithm(SHA256, [derNull(), derNull()]) }),
        'MALFORMED',
      ],
      [
        'with an unknown signature algorithm',
        () => signer({ signatureAlgorithm: algorithm('1.2.3') }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with ECDSA over SHA-1',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.10045.4.1', []) }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with RSA over SHA-1',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.113549.1.1.5') }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with RSASSA-PSS',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.113549.1.1.10', []) }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with Ed25519',
        () => signer({ signatureAlgorithm: algorithm('1.3.101.112', []) }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with the OID of an EC key',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.10045.2.1', []) }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with a signature over another hash',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.10045.4.3.3', []) }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with an RSA signature over another hash',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.113549.1.1.13') }),
        'SIGNATURE_ALGORITHM',
      ],
      [
        'with parameters of ECDSA',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.10045.4.3.2') }),
        'MALFORMED',
      ],
      [
        'with other parameters of RSA',
        () => signer({ signatureAlgorithm: algorithm('1.2.840.113549.1.1.11', [derSequence()]) }),
        'MALFORMED',
      ],
      [
        'with unsigned attributes',
        () => signer({ rest: [implicit(1, derSet(attribute('1.2.3', derNull())))] }),
        'SIGNED_DATA',
      ],
      [
        'with an empty set of unsigned attributes',
        () => signer({ rest: [implicit(1, derSet())] }),
        'SIGNED_DATA',
      ],
      ['with anything else after the signature', () => signer({ rest: [derNull()] }), 'MALFORMED'],
    ];
    it.each(cases)('is refused %s', async (_what, parts, code) => {
      expect(await refuse(parts())).toBe(code);
    });
  });

  describe('the signed attributes', () => {
    const without = (type: keyof TestAttributes) =>
      attributes((usual) => Object.values<Uint8Array>({ ...usual, [type]: attribute('1.2.3', derNull()) }));
    const instead = (type: keyof TestAttributes, ...values: readonly Uint8Array[]) =>
      attributes((usual) =>
        Object.values<Uint8Array>({ ...usual, [type]: attribute(ATTRIBUTE_TYPES[type], ...values) }),
      );
    const twice = (type: keyof TestAttributes, ...values: readonly Uint8Array[]) =>
      attributes((usual) => [
        ...Object.values<Uint8Array>({ ...usual }),
        attribute(ATTRIBUTE_TYPES[type], ...values),
      ]);
    const identifier = derSequence(derOctetString(sha256(ARTIFACT)));
    const names = (...list: readonly Uint8Array[]) =>
      instead('signingCertificate', derSequence(derSequence(...list)));
    const issuer = (issuerNames: Uint8Array) =>
      names(derSequence(derOctetString(sha256(ARTIFACT)), derSequence(issuerNames, derInteger(1n))));
    const directory = derExplicit(4, derSequence());

    const cases: Cases = [
      ['when there are none', () => signer({ attributesElement: () => [] }), 'SIGNED_ATTRIBUTES'],
      ['under another tag', () => signer({ attributesElement: (set) => [set] }), 'SIGNED_ATTRIBUTES'],
      ['without the content type', () => without('contentType'), 'SIGNED_ATTRIBUTES'],
      ['without the message digest', () => without('messageDigest'), 'SIGNED_ATTRIBUTES'],
      ['without the signing certificate', () => without('signingCertificate'), 'SIGNING_CERTIFICATE'],
      [
        'with another content type',
        () => instead('contentType', derOid('1.2.840.113549.1.7.1')),
        'CONTENT_TYPE',
      ],
      [
        'with two values of the content type',
        () => instead('contentType', derOid(oids.tstInfo), derOid(oids.tstInfo)),
        'MALFORMED',
      ],
      [
        'with two values of the message digest',
        () => instead('messageDigest', derOctetString(DIGEST), derOctetString(DIGEST)),
        'MALFORMED',
      ],
      ['with no value of the message digest', () => instead('messageDigest'), 'MALFORMED'],
      [
        'with two signing times in one',
        () => instead('signingTime', derTime(NOW), derTime(NOW)),
        'MALFORMED',
      ],
      ['with a signing time that is none', () => instead('signingTime', derNull()), 'MALFORMED'],
      ['with the content type twice', () => twice('contentType', derOid('1.2.3')), 'SIGNED_ATTRIBUTES'],
      [
        'with the message digest twice',
        () => twice('messageDigest', derOctetString(DIGEST)),
        'SIGNED_ATTRIBUTES',
      ],
      ['with the signing time twice', () => twice('signingTime', derTime(new Date(0))), 'SIGNED_ATTRIBUTES'],
      [
        'with the signing certificate twice',
        () => twice('signingCertificate', derSequence(derSequence(identifier))),
        'SIGNED_ATTRIBUTES',
      ],
      [
        'with the same attribute twice',
        () => attributes((usual) => [...Object.values<Uint8Array>({ ...usual }), usual.messageDigest]),
        'SIGNED_ATTRIBUTES',
      ],
      [
        'out of order, though signed so',
        () =>
          signer({
            unsorted: true,
            attributes: (usual) => [usual.messageDigest, usual.contentType, usual.signingCertificate],
          }),
        'SIGNED_ATTRIBUTES',
      ],
      [
        'when one is no SEQUENCE',
        () => attributes((usual) => [...Object.values<Uint8Array>({ ...usual }), derNull()]),
        'MALFORMED',
      ],
      [
        'when one has more than type and values',
        () =>
          attributes((usual) => [
            ...Object.values<Uint8Array>({ ...usual }),
            derSequence(derOid('1.2.3'), derSet(), derNull()),
          ]),
        'MALFORMED',
      ],
      [
        'when there are thirty-three',
        () =>
          attributes((usual) => [
            ...Object.values<Uint8Array>({ ...usual }),
            ...Array.from({ length: 29 }, (_, i) => attribute(`1.2.${i}`, derNull())),
          ]),
        'MALFORMED',
      ],
      [
        'with a signing certificate that is none',
        () => instead('signingCertificate', derNull()),
        'MALFORMED',
      ],
      ['with an empty list of signing certificates', () => names(), 'MALFORMED'],
      [
        'with seventeen signing certificates',
        () => names(...Array<Uint8Array>(17).fill(identifier)),
        'MALFORMED',
      ],
      [
        'with a signing certificate of more fields',
        () =>
          names(
            derSequence(
              derOctetString(DIGEST),
              derSequence(derSequence(directory), derInteger(1n)),
              derNull(),
            ),
          ),
        'MALFORMED',
      ],
      [
        'with more after the signing certificates',
        () => instead('signingCertificate', derSequence(derSequence(identifier), derNull())),
        'MALFORMED',
      ],
      [
        'with SHA-1 in version 2 of the signing certificate',
        () => names(derSequence(algorithm(SHA1), derOctetString(DIGEST))),
        'WEAK_HASH',
      ],
      [
        'with an unknown hash of the signing certificate',
        () => names(derSequence(algorithm(MD5), derOctetString(DIGEST))),
        'HASH_ALGORITHM',
      ],
      [
        'with an issuer that is no directoryName',
        () => issuer(derSequence(der(0x86, encodeUtf8('urn:x')))),
        'MALFORMED',
      ],
      ['with two issuers', () => issuer(derSequence(directory, directory)), 'MALFORMED'],
      [
        'with an issuer of two names',
        () => issuer(derSequence(derExplicit(4, derSequence(), derSequence()))),
        'MALFORMED',
      ],
    ];
    it.each(cases)('are refused %s', async (_what, parts, code) => {
      expect(await refuse(parts())).toBe(code);
    });
  });

  describe('the TSTInfo', () => {
    it.each<[string, string]>([
      ['20260301120000Z', '2026-03-01T12:00:00.000Z'],
      ['20260301120000.5Z', '2026-03-01T12:00:00.500Z'],
      ['20260301120000.05Z', '2026-03-01T12:00:00.050Z'],
      ['20260301120000.123456789Z', '2026-03-01T12:00:00.123Z'],
      ['20260301120000.0009Z', '2026-03-01T12:00:00.000Z'],
      ['20280229235959Z', '2028-02-29T23:59:59.000Z'],
    ])('takes the time %s', (text, iso) => {
      expect(accept(tstInfo({ genTime: time(text) })).genTime.toISOString()).toBe(iso);
    });

    it.each([
      '20260301120000',
      '202603011200Z',
      '20260301120000.Z',
      '20260301120000.50Z',
      '20260301120000.0Z',
      '20260301120000.1234567891Z',
      '20260301120000,5Z',
      '20260301120000+0100',
      '20260301120000z',
      ' 20260301120000Z',
      '20260301120000Z\n',
      '２０２６0301120000Z',
      '20260230120000Z',
      '20270229120000Z',
      '20261301120000Z',
      '20260001120000Z',
      '20260300120000Z',
      '20260301240000Z',
      '20260301126000Z',
      '20260301120060Z',
      '1'.repeat(10_000),
    ])('refuses the time %j', async (text) => {
      expect(await refuse(tstInfo({ genTime: time(text) }))).toBe('MALFORMED');
    });

    it.each<[string, () => ResponseParts]>([
      ['seconds', () => accuracy(derInteger(1n))],
      ['no seconds', () => accuracy(derInteger(0n))],
      ['nothing in its accuracy', () => accuracy()],
      ['milliseconds', () => accuracy(thousandths(0, 1))],
      [
        'all of them',
        () => accuracy(derInteger(59n), thousandths(0, 0x03, 0xe7), thousandths(1, 0x00, 0xff)),
      ],
      ['ordering', () => rest(derBoolean(true))],
      ['ordering that is the default', () => rest(derBoolean(false))],
      ['a nonce', () => rest(derInteger(-5n))],
      ['a long nonce', () => rest(derInteger(new Uint8Array(MAX_NONCE_OCTETS).fill(0x7f)))],
      ['the name of the authority', () => rest(derExplicit(0, derExplicit(4, tsa.leaf.subject)))],
      ['a name of another kind', () => rest(derExplicit(0, der(0x86, encodeUtf8('urn:x'))))],
      ['an extension', () => extensions(extension('1.3.6.1.5.5.7.1.3', false))],
      [
        'everything',
        () =>
          rest(
            derSequence(derInteger(1n)),
            derBoolean(true),
            derInteger(7n),
            derExplicit(0, derExplicit(4, derSequence())),
            der(0xa1, extension('1.2.3', false), extension('1.2.4', false)),
          ),
      ],
      [
        'a serial number of 21 octets',
        () => tstInfo({ serialNumber: derInteger(new Uint8Array(20).fill(0xff)) }),
      ],
      ['a serial number below zero', () => tstInfo({ serialNumber: derInteger(-5n) })],
      [
        'a hash without parameters',
        () => tstInfo({ imprint: derSequence(algorithm(SHA256, []), derOctetString(DIGEST)) }),
      ],
    ])('takes %s', (_what, parts) => {
      expect(() => accept(parts())).not.toThrow();
    });

    const cases: Cases = [
      ['of version 0', () => tstInfo({ version: derInteger(0n) }), 'MALFORMED'],
      ['of version 2', () => tstInfo({ version: derInteger(2n) }), 'MALFORMED'],
      ['of a version of many octets', () => tstInfo({ version: derInteger(1n << 4000n) }), 'MALFORMED'],
      ['without a policy', () => tstInfo({ policy: new Uint8Array() }), 'MALFORMED'],
      [
        'with a policy of 129 arcs',
        () => tstInfo({ policy: der(tags.objectIdentifier, new Uint8Array(128).fill(1)) }),
        'MALFORMED',
      ],
      [
        'with SHA-1',
        () => tstInfo({ imprint: derSequence(algorithm(SHA1), derOctetString(new Uint8Array(20))) }),
        'WEAK_HASH',
      ],
      [
        'with MD5',
        () => tstInfo({ imprint: derSequence(algorithm(MD5), derOctetString(new Uint8Array(16))) }),
        'HASH_ALGORITHM',
      ],
      [
        'with a digest of another length',
        () => tstInfo({ imprint: imprint('sha512', DIGEST) }),
        'DIGEST_LENGTH',
      ],
      [
        'with an empty digest',
        () => tstInfo({ imprint: imprint('sha256', new Uint8Array()) }),
        'DIGEST_LENGTH',
      ],
      [
        'with more in its imprint',
        () =>
          tstInfo({
            imprint: derSequence(digestAlgorithmWithNull('sha256'), derOctetString(DIGEST), derNull()),
          }),
        'MALFORMED',
      ],
      [
        'with a serial number of 65 octets',
        () => tstInfo({ serialNumber: derInteger(new Uint8Array(65).fill(1)) }),
        'MALFORMED',
      ],
      ['with UTCTime', () => tstInfo({ genTime: derTime(NOW) }), 'MALFORMED'],
      [
        'with a nonce of 513 octets',
        () => rest(derInteger(new Uint8Array(MAX_NONCE_OCTETS + 1).fill(1))),
        'MALFORMED',
      ],
      ['with a negative accuracy', () => accuracy(derInteger(-1n)), 'MALFORMED'],
      ['with an accuracy of centuries', () => accuracy(derInteger(1n << 40n)), 'MALFORMED'],
      ['with no milliseconds', () => accuracy(thousandths(0, 0)), 'MALFORMED'],
      ['with a thousand milliseconds', () => accuracy(thousandths(0, 0x03, 0xe8)), 'MALFORMED'],
      ['with negative microseconds', () => accuracy(thousandths(1, 0xff)), 'MALFORMED'],
      ['with microseconds that are not minimal', () => accuracy(thousandths(1, 0, 1)), 'MALFORMED'],
      ['with microseconds of three octets', () => accuracy(thousandths(1, 0, 0, 1)), 'MALFORMED'],
      [
        'with microseconds before milliseconds',
        () => accuracy(thousandths(1, 1), thousandths(0, 1)),
        'MALFORMED',
      ],
      ['with a BOOLEAN of 01', () => rest(der(tags.boolean, Uint8Array.of(1))), 'MALFORMED'],
      ['with fields in the wrong order', () => rest(derInteger(1n), derBoolean(true)), 'MALFORMED'],
      ['with two nonces', () => rest(derInteger(1n), derInteger(1n)), 'MALFORMED'],
      ['with a name that is none', () => rest(derExplicit(0, derNull())), 'MALFORMED'],
      ['with an empty name', () => rest(derExplicit(0)), 'MALFORMED'],
      ['with two names', () => rest(derExplicit(0, der(0x82), der(0x82))), 'MALFORMED'],
      ['with a critical extension', () => extensions(extension('1.2.3', true)), 'EXTENSION'],
      ['with no extension in its list', () => extensions(), 'MALFORMED'],
      [
        'with an extension twice',
        () => extensions(extension('1.2.3', false), extension('1.2.3', false)),
        'MALFORMED',
      ],
      ['with an extension that is none', () => extensions(derNull()), 'MALFORMED'],
      [
        'with seventeen extensions',
        () => extensions(...Array.from({ length: 17 }, (_, i) => extension(`1.2.${i}`, false))),
        'MALFORMED',
      ],
      ['with a field nobody knows', () => rest(der(0x82)), 'MALFORMED'],
      [
        'with data after it',
        () => ({ content: derOctetString(encodeTstInfo(), Uint8Array.of(0)) }),
        'MALFORMED',
      ],
    ];
    it.each(cases)('is refused %s', async (_what, parts, code) => {
      expect(await refuse(parts())).toBe(code);
    });
  });
});

const ATTRIBUTE_TYPES: Readonly<Record<keyof TestAttributes, string>> = {
  contentType: oids.contentType,
  signingTime: oids.signingTime,
  messageDigest: oids.messageDigest,
  signingCertificate: oids.signingCertificateV2,
};

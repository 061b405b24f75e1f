import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { digest, sha256, type PublicKey } from '@sigstead/crypto';
import {
  derExplicit,
  derGeneralizedTime,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  encodeUtf8,
} from '@sigstead/encoding';
import { oids as x509Oids, type Certificate } from '@sigstead/x509';
import { digestAlgorithmWithNull } from '../digest-algorithm.ts';
import type { TimestampErrorCode } from '../errors.ts';
import { oids } from '../oids.ts';
import { encodeSigningCertificate } from '../signing-certificate.ts';
import { makeCa, NOW, withExtension } from '../testonly/authority.ts';
import { refusal } from '../testonly/refusal.ts';
import { ARTIFACT } from '../testonly/request.ts';
import {
  algorithm,
  attribute,
  certificates,
  imprint,
  makeAuthority,
  makeResponse,
  type ResponseParts,
  type TestAuthority,
  type TestKeyType,
} from '../testonly/token.ts';
import { isSignedBy, parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

const GEN_TIME = new Date('2026-03-01T12:00:00Z');
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const KEY_TYPES = ['P-256', 'P-384', 'P-521', 'RSA'] as const satisfies readonly TestKeyType[];
const authorities = new Map<TestKeyType, TestAuthority>();
const authorityOf = (type: TestKeyType): TestAuthority => authorities.get(type) as TestAuthority;
let tsa: TestAuthority;

beforeAll(async () => {
  for (const type of KEY_TYPES) authorities.set(type, await makeAuthority(type));
  tsa = authorityOf('P-256');
});

const verified = (parts: ResponseParts = {}, authority = tsa, chain = authority.chain) =>
  verifyTimestamp(parseTimestamp(makeResponse(authority, parts)), ARTIFACT, chain);

async function refused(
  parts: ResponseParts,
  authority = tsa,
  chain = authority.chain,
): Promise<TimestampErrorCode> {
  const timestamp = parseTimestamp(makeResponse(authority, parts));
  return (await refusal(() => verifyTimestamp(timestamp, ARTIFACT, chain))).code;
}

describe('verifyTimestamp', () => {
  it('says when, by whom, under what policy and number', () => {
    expect(verified()).toEqual({
      genTime: GEN_TIME,
      serialNumber: Uint8Array.of(0x12, 0x34),
      policy: '1.3.6.1.4.1.57264.2',
      hashAlgorithm: 'sha256',
      signer: tsa.leaf,
    });
  });

  describe.each(KEY_TYPES)('of an authority with a %s key', (type) => {
    it.each(['sha256', 'sha384', 'sha512'] as const)('accepts signatures and imprints of %s', (hash) => {
      const { hashAlgorithm } = verified(
        { signer: { hash }, tstInfo: { imprint: imprint(hash) } },
        authorityOf(type),
      );
      expect(hashAlgorithm).toBe(hash);
    });

    it('refuses a signature of another key, and one with a bit flipped', async () => {
      const authority = authorityOf(type);
      const stranger = { ...(await makeAuthority(type)), leaf: authority.leaf };
      expect(await refused({}, stranger, authority.chain)).toBe('SIGNATURE');
      const flip = (signature: Uint8Array) => signature.with(-1, (signature.at(-1) as number) ^ 1);
      expect(await refused({ signer: { signature: flip } }, authority)).toBe('SIGNATURE');
    });
  });

  it.each([
    ['rsaEncryption and NULL, as OpenSSL writes it', algorithm(RSA_ENCRYPTION)],
    ['rsaEncryption without parameters', algorithm(RSA_ENCRYPTION, [])],
    [
      'sha384WithRSAEncryption without parameters, as Sigstore writes it',
      algorithm('1.2.840.113549.1.1.12', []),
    ],
  ])('accepts %s', (_what, signatureAlgorithm) => {
    expect(() =>
      verified({ signer: { hash: 'sha384', signatureAlgorithm } }, authorityOf('RSA')),
    ).not.toThrow();
  });

  describe('the signer', () => {
    it('is the chain’s, whichever certificates come along', () => {
      const [, root] = tsa.chain as [Certificate, Certificate];
      const stranger = authorityOf('P-384').leaf;
      for (const list of [[tsa.leaf], [tsa.leaf, root], [stranger, root, tsa.leaf]]) {
        const { signer } = verified({ extra: [certificates(...list.map(({ raw }) => raw))] });
        expect(signer).toBe(tsa.leaf);
      }
      expect(() => verified({ extra: [certificates()] })).not.toThrow();
    });

    it('is refused when the timestamp names another certificate', async () => {
      const other = authorityOf('P-384');
      expect(await refused({}, tsa, other.chain)).toBe('SIGNER');
      const name = (issuer: Uint8Array, serialNumber: Uint8Array): ResponseParts => ({
        signer: { sid: derSequence(issuer, serialNumber) },
      });
      const { issuer, serialNumber } = tsa.leaf;
      expect(await refused(name(other.leaf.issuer, derInteger(other.leaf.serialNumber)))).toBe('SIGNER');
      expect(await refused(name(tsa.leaf.subject, derInteger(serialNumber)))).toBe('SIGNER');
      expect(await refused(name(issuer, derInteger(7n)))).toBe('SIGNER');
      expect(() => verified(name(issuer, derInteger(serialNumber)))).not.toThrow();
    });

    it('has a serial number, not the octets of one: -1 is not 255', async () => {
      const profile = { serialNumber: Uint8Array.of(0xff) };
      const authority = await makeAuthority('P-256', { profile });
      const sid = derSequence(authority.leaf.issuer, derInteger(-1n));
      expect(await refused({ signer: { sid } }, authority)).toBe('SIGNER');
      expect(() => verified({}, authority)).not.toThrow();
    });

    it('is told among several by isSignedBy', () => {
      const timestamp = parseTimestamp(makeResponse(tsa));
      expect(isSignedBy(timestamp, tsa.leaf)).toBe(true);
      for (const certificate of [tsa.chain[1] as Certificate, authorityOf('RSA').leaf])
        expect(isSignedBy(timestamp, certificate)).toBe(false);
    });
  });

  // CVE-2026-39984: the wrong certificate of the bag was asked about its usages.
  describe('certificates that come along', () => {
    it('are refused without the signer’s among them', async () => {
      const root = tsa.chain[1] as Certificate;
      expect(await refused({ extra: [certificates(root.raw)] })).toBe('EMBEDDED_CERTIFICATE');
    });

    it('are refused with another in the signer’s name, before or after the true one or alone', async () => {
      const { issuer, serialNumber } = tsa.leaf;
      const namesake = await makeAuthority('P-256', { above: [tsa.issuer], profile: { serialNumber } });
      expect(namesake.leaf.issuer).toEqual(issuer);
      for (const list of [[namesake.leaf], [namesake.leaf, tsa.leaf], [tsa.leaf, namesake.leaf]]) {
        const extra = [certificates(...list.map(({ raw }) => raw))];
        expect(await refused({ extra })).toBe('EMBEDDED_CERTIFICATE');
      }
    });

    it('give no trust to a namesake that signed', async () => {
      const { serialNumber } = tsa.leaf;
      const namesake = await makeAuthority('P-256', { above: [tsa.issuer], profile: { serialNumber } });
      const extra = [certificates(namesake.leaf.raw)];
      expect(await refused({ extra }, namesake, tsa.chain)).toBe('EMBEDDED_CERTIFICATE');
      expect(await refused({}, namesake, tsa.chain)).toBe('SIGNING_CERTIFICATE');
    });
  });

  describe('the message', () => {
    it('is refused when it is another', async () => {
      const timestamp = parseTimestamp(makeResponse(tsa));
      for (const message of [encodeUtf8('another'), new Uint8Array(), sha256(ARTIFACT)]) {
        const { code } = await refusal(() => verifyTimestamp(timestamp, message, tsa.chain));
        expect(code).toBe('IMPRINT');
      }
    });
  });

  describe('the signed attributes', () => {
    it('are refused with the digest of another TSTInfo', async () => {
      const attributes = (value: Uint8Array): ResponseParts => ({
        signer: {
          attributes: (usual) => [
            usual.contentType,
            usual.signingCertificate,
            attribute(oids.messageDigest, derOctetString(value)),
          ],
        },
      });
      for (const value of [sha256(ARTIFACT), new Uint8Array(), new Uint8Array(32), new Uint8Array(33)])
        expect(await refused(attributes(value))).toBe('MESSAGE_DIGEST');
    });

    it('are refused when the TSTInfo was exchanged under them', async () => {
      const later = makeResponse(tsa, {
        tstInfo: { genTime: derGeneralizedTime(new Date('2026-03-02T12:00:00Z')) },
      });
      const timestamp = parseTimestamp(makeResponse(tsa));
      const { tstInfo, content } = parseTimestamp(later);
      const { code } = await refusal(() =>
        verifyTimestamp({ ...timestamp, tstInfo, content }, ARTIFACT, tsa.chain),
      );
      expect(code).toBe('MESSAGE_DIGEST');
    });

    const withCertificate = (...values: readonly Uint8Array[]): ResponseParts => ({
      signer: { attributes: ({ contentType, messageDigest }) => [contentType, messageDigest, ...values] },
    });
    const version1 = (value: Uint8Array) => attribute(oids.signingCertificate, value);
    const version2 = (value: Uint8Array) => attribute(oids.signingCertificateV2, value);
    const identifiers = (...list: readonly Uint8Array[]) => derSequence(derSequence(...list));
    const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest());
    const issuerSerial = ({ issuer, serialNumber }: Pick<Certificate, 'issuer' | 'serialNumber'>) =>
      derSequence(derSequence(derExplicit(4, issuer)), derInteger(serialNumber));

    it('name the certificate by any hash, in either version, with and without issuer, first of several', () => {
      const { leaf } = tsa;
      const others = derSequence(derOctetString(sha256(ARTIFACT)));
      const first = (...fields: readonly Uint8Array[]) => derSequence(...fields, issuerSerial(leaf));
      const accepted = [
        ...(['sha256', 'sha384', 'sha512'] as const).map((hash) => [
          version2(encodeSigningCertificate(leaf, hash)),
        ]),
        [version2(identifiers(derSequence(derOctetString(sha256(leaf.raw)))))],
        [version2(identifiers(first(digestAlgorithmWithNull('sha256'), derOctetString(sha256(leaf.raw)))))],
        [version2(identifiers(first(derOctetString(sha256(leaf.raw))), others))],
        [version2(derSequence(derSequence(first(derOctetString(sha256(leaf.raw)))), derSequence()))],
        [version1(identifiers(derSequence(derOctetString(sha1(leaf.raw)))))],
        [version1(identifiers(first(derOctetString(sha1(leaf.raw)))))],
        [
          version1(identifiers(first(derOctetString(sha1(leaf.raw))))),
          version2(encodeSigningCertificate(leaf, 'sha512')),
        ],
      ];
      for (const values of accepted) expect(() => verified(withCertificate(...values))).not.toThrow();
    });

    it('are refused when they name another certificate, in whichever version or place', async () => {
      const { leaf } = tsa;
      const other = authorityOf('P-384').leaf;
      const good1 = version1(identifiers(derSequence(derOctetString(sha1(leaf.raw)))));
      const good2 = version2(encodeSigningCertificate(leaf, 'sha256'));
      const bad = [
        [version2(encodeSigningCertificate(other, 'sha256'))],
        [version2(encodeSigningCertificate(other, 'sha512'))],
        [version1(identifiers(derSequence(derOctetString(sha1(other.raw)))))],
        [good1, version2(encodeSigningCertificate(other, 'sha256'))],
        [version1(identifiers(derSequence(derOctetString(sha1(other.raw))))), good2],
        // The right certificate in the second place only.
        [
          version2(
            identifiers(
              derSequence(derOctetString(sha256(other.raw))),
              derSequence(derOctetString(sha256(leaf.raw))),
            ),
          ),
        ],
        // SHA-1 where SHA-256 is meant, and the other way round.
        [version2(identifiers(derSequence(derOctetString(sha1(leaf.raw)))))],
        [version1(identifiers(derSequence(derOctetString(sha256(leaf.raw)))))],
        [
          version2(
            identifiers(
              derSequence(digestAlgorithmWithNull('sha512'), derOctetString(digest('sha384', leaf.raw))),
            ),
          ),
        ],
        [version2(identifiers(derSequence(derOctetString(sha256(leaf.raw)), issuerSerial(other))))],
        [
          version2(
            identifiers(
              derSequence(
                derOctetString(sha256(leaf.raw)),
                issuerSerial({ issuer: leaf.subject, serialNumber: leaf.serialNumber }),
              ),
            ),
          ),
        ],
      ];
      for (const values of bad) expect(await refused(withCertificate(...values))).toBe('SIGNING_CERTIFICATE');
    });

    it('are refused with a signing time outside of the certificate’s validity, and taken without one', async () => {
      const at = (time: Date): ResponseParts => ({
        signer: {
          attributes: ({ contentType, messageDigest, signingCertificate }) => [
            contentType,
            messageDigest,
            signingCertificate,
            attribute(oids.signingTime, derTime(time)),
          ],
        },
      });
      const { notBefore, notAfter } = tsa.leaf;
      for (const time of [notBefore, notAfter]) expect(() => verified(at(time))).not.toThrow();
      for (const time of [notBefore.getTime() - 1000, notAfter.getTime() + 1000])
        expect(await refused(at(new Date(time)))).toBe('SIGNING_TIME');
      expect(() =>
        verified(withCertificate(version2(encodeSigningCertificate(tsa.leaf, 'sha256')))),
      ).not.toThrow();
    });

    it('may hold others, which are signed as well', async () => {
      const others: ResponseParts = {
        signer: {
          attributes: (usual) => [
            ...Object.values<Uint8Array>({ ...usual }),
            attribute('1.2.3.4', derInteger(1n)),
          ],
        },
      };
      expect(() => verified(others)).not.toThrow();
      // The signature is over the attributes as they are sent.
      const appended: ResponseParts = {
        signer: {
          attributesElement: () => {
            const { signerInfo } = parseTimestamp(makeResponse(tsa, others));
            return [Uint8Array.from(signerInfo.signedAttributes.raw).with(0, 0xa0)];
          },
        },
      };
      expect(await refused(appended)).toBe('SIGNATURE');
    });
  });

  describe('the chain', () => {
    const at = (genTime: Date): ResponseParts => ({ tstInfo: { genTime: derGeneralizedTime(genTime) } });
    const second = (date: Date, by: number) => new Date(date.getTime() + by * 1000);

    it('is valid at genTime to the second at both ends, whichever of its certificates is the shortest', async () => {
      const early = new Date('2025-01-01T00:00:00Z');
      const late = new Date('2037-01-01T00:00:00Z');
      const short = {
        notBefore: new Date('2026-02-01T00:00:00Z'),
        notAfter: new Date('2026-04-01T00:00:00Z'),
      };
      const long = { notBefore: early, notAfter: late };
      for (const [ofRoot, ofIntermediate, ofLeaf] of [
        [short, long, long],
        [long, short, long],
        [long, long, short],
      ] as const) {
        const root = await makeCa('root', ofRoot);
        const intermediate = await makeCa('intermediate', { above: root, ...ofIntermediate });
        const authority = await makeAuthority('P-256', { above: [intermediate, root], profile: ofLeaf });
        for (const genTime of [short.notBefore, NOW, short.notAfter])
          expect(() => verified(at(genTime), authority)).not.toThrow();
        for (const genTime of [second(short.notBefore, -1), second(short.notAfter, 1)])
          expect(await refused(at(genTime), authority)).toBe('CHAIN');
      }
    });

    it('is refused when it is empty, or of strangers', async () => {
      expect(await refused({}, tsa, [])).toBe('CHAIN');
      expect(await refused({}, tsa, [tsa.leaf, ...authorityOf('P-384').chain.slice(1)])).toBe('CHAIN');
    });

    it('ends where the trusted root says, at the root or below it', async () => {
      const root = await makeCa('root');
      const intermediate = await makeCa('intermediate', { above: root });
      const authority = await makeAuthority('P-256', { above: [intermediate, root] });
      expect(() => verified({}, authority)).not.toThrow();
      expect(() => verified({}, authority, authority.chain.slice(0, 2))).not.toThrow();
      const other = await makeCa('intermediate', { above: root });
      expect(await refused({}, authority, [authority.leaf, other.certificate])).toBe('CHAIN');
    });

    it('is refused when the signer may sign anything else, or is not critical about it', async () => {
      for (const [critical, usages] of [
        [false, [x509Oids.timeStamping]],
        [true, [x509Oids.timeStamping, x509Oids.codeSigning]],
        [true, [x509Oids.codeSigning]],
        [true, [x509Oids.anyExtendedKeyUsage]],
      ] as const) {
        const value = derSequence(...usages.map(derOid));
        const leaf = await withExtension(
          tsa.leaf,
          { oid: x509Oids.extendedKeyUsage, critical, value },
          tsa.issuer,
        );
        const authority = { ...tsa, leaf, chain: [leaf, ...tsa.chain.slice(1)] };
        expect(await refused({}, authority)).toBe('CHAIN');
      }
    });

    it('is refused with a key that does not pass the gate, or is not of the signature’s kind', async () => {
      const withKey = async (spki: Uint8Array) => {
        const authority = await makeAuthority('P-256', { profile: { publicKey: { spki } as PublicKey } });
        return { ...authority, chain: [authority.leaf, ...authority.chain.slice(1)] };
      };
      const spki = tsa.leaf.spki;
      const offCurve = spki.with(-1, (spki.at(-1) as number) ^ 1);
      expect(await refused({}, await withKey(offCurve))).toBe('CHAIN');
      const rsa = { ...(await withKey(authorityOf('RSA').leaf.spki)) };
      expect(await refused({}, rsa)).toBe('SIGNATURE_ALGORITHM');
      const asRsa = { signatureAlgorithm: algorithm(RSA_ENCRYPTION) };
      expect(await refused({ signer: asRsa })).toBe('SIGNATURE_ALGORITHM');
    });
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { concatBytes, encodeHex } from '@sigstead/encoding';
import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { Certificate } from './certificate.ts';
import { encodeFulcioExtensions } from './fulcio-extensions.ts';
import { encodeLeafTbs, type LeafProfile } from './leaf.ts';
import { oids } from './oids.ts';
import { POISON_EXTENSION } from './precertificate.ts';
import { sctListExtension, type SignedCertificateTimestamp } from './sct.ts';
import { signTbs, verifyCertificateSignature } from './signature.ts';
import {
  authority,
  caExtensions,
  CLAIMS,
  craftedAuthority,
  craftedLeaf,
  EXPIRES,
  issue,
  ISSUED,
  leafProfile,
  SUBJECT_ALTERNATIVE_NAME,
  type Authority,
} from './testonly/authority.ts';
import { openssl } from './testonly/openssl.ts';
import { makePeculiarAuthority, peculiarLeafTbs } from './testonly/peculiar.ts';
import { asyncRefusal, refusal } from './testonly/refusal.ts';

const SCT: SignedCertificateTimestamp = {
  version: 0,
  logId: new Uint8Array(32).fill(7),
  timestampMs: 1_780_315_200_123n,
  extensions: Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 9),
  hashAlgorithm: 4,
  signatureAlgorithm: 3,
  signature: Uint8Array.of(0x30, 0),
};

async function expectPeculiarTbs(type: KeyType, overrides: Partial<LeafProfile>): Promise<void> {
  const built = await makePeculiarAuthority(type);
  const profile = leafProfile(built.certificate, overrides);
  const last = sctListExtension([SCT]);
  expect(encodeHex(encodeLeafTbs(profile, last))).toBe(
    encodeHex(await peculiarLeafTbs(profile, last, built)),
  );
}

describe('signing certificate', () => {
  let root: Authority;
  let ca: Authority;

  beforeAll(async () => {
    root = await authority('root');
    ca = await authority('issuing', { above: root, pathLength: 0, extendedKeyUsages: [oids.codeSigning] });
  });

  it.each<[string, Partial<LeafProfile>]>([
    ['a URI', {}],
    ['an e-mail address', { subjectAlternativeName: { type: 'email', value: 'dev@example.com' } }],
    ['a user name', { subjectAlternativeName: { type: 'otherName', value: 'jürgen!example.com' } }],
    ['the issuer as its only claim', { claims: { issuer: 'https://accounts.example.com' } }],
  ])('has the same TBSCertificate as one built by @peculiar/x509, with %s', (_, overrides) =>
    expectPeculiarTbs('P-384', overrides),
  );

  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'])(
    'has the same TBSCertificate as one built by @peculiar/x509, with a client key of %s',
    (type) => expectPeculiarTbs('P-384', { publicKey: PrivateKeySigner.generate(type).publicKey }),
  );

  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'])(
    'has the same TBSCertificate as one built by @peculiar/x509, under a CA of %s',
    (type) => expectPeculiarTbs(type, {}),
  );

  it.each<KeyType>(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'])(
    'verifies with openssl under a CA of %s',
    async (type) => {
      const above = await authority('root', { type });
      const issuing = await authority('issuing', {
        type,
        above,
        pathLength: 0,
        extendedKeyUsages: [oids.codeSigning],
      });
      const { certificate } = await issue(issuing, PrivateKeySigner.generate('P-256'), {
        publicKey: PrivateKeySigner.generate(type).publicKey,
      });
      const answer = openssl(
        [
          'verify',
          '-x509_strict',
          '-attime',
          String(ISSUED.getTime() / 1000),
          '-CAfile',
          'root.pem',
          '-untrusted',
          'ca.pem',
          'leaf.pem',
        ],
        {
          'root.pem': above.certificate.toPem(),
          'ca.pem': issuing.certificate.toPem(),
          'leaf.pem': certificate.toPem(),
        },
      );
      expect(answer.trim()).toBe('leaf.pem: OK');
    },
  );

  it('reads in openssl as the profile says', async () => {
    const { certificate } = await issue(ca, PrivateKeySigner.generate('P-256'));
    const text = openssl(['x509', '-in', 'leaf.pem', '-noout', '-text'], { 'leaf.pem': certificate.toPem() });
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Issuer: O = acme, CN = issuing');
    expect(text).toMatch(/Subject: *\n/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/X509v3 Extended Key Usage: *\n\s+Code Signing\n/);
    expect(text).toContain(
      `X509v3 Subject Alternative Name: critical\n                URI:${SUBJECT_ALTERNATIVE_NAME.value}`,
    );
    expect(text).toMatch(/1\.3\.6\.1\.4\.1\.57264\.1\.24: *\n\s+\.!repo:acme\/app:ref:refs\/heads\/main\n/);
    expect(text).toContain('Signed Certificate Timestamp:\n                    Version   : v1 (0x0)');
    expect(text).toContain('ecdsa-with-SHA256');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA384');
  });

  it('has the extensions in the order of Fulcio', async () => {
    const { precertificate, certificate } = await issue(ca, PrivateKeySigner.generate('P-256'));
    const names = [
      '2.5.29.15',
      '2.5.29.37',
      '2.5.29.14',
      '2.5.29.35',
      '2.5.29.17',
      ...encodeFulcioExtensions(CLAIMS).map(({ oid }) => oid),
    ];
    expect(precertificate.extensions.map(({ oid }) => oid)).toEqual([...names, oids.precertificatePoison]);
    expect(certificate.extensions.map(({ oid }) => oid)).toEqual([...names, oids.sctList]);
    expect(certificate.extensions.filter(({ critical }) => critical).map(({ oid }) => oid)).toEqual([
      '2.5.29.15',
      '2.5.29.17',
    ]);
  });

  it('differs from its precertificate in the last extension only', async () => {
    const { precertificate, certificate } = await issue(ca, PrivateKeySigner.generate('P-256'));
    expect(certificate.tbsWithout(oids.sctList)).toEqual(
      precertificate.tbsWithout(oids.precertificatePoison),
    );
  });

  it.each([
    { type: 'email', value: 'dev@example.com' },
    { type: 'otherName', value: 'octocat!github.com' },
    { type: 'ip', value: '2001:db8::1' },
  ] as const)('names its subject by $type', (subjectAlternativeName) => {
    const profile = leafProfile(ca.certificate, { subjectAlternativeName });
    return signTbs(encodeLeafTbs(profile, POISON_EXTENSION), ca.signer).then((der) => {
      expect(Certificate.parse(der).subjectAlternativeNames).toEqual([subjectAlternativeName]);
    });
  });

  it('cuts off milliseconds', async () => {
    const profile = leafProfile(ca.certificate, { notBefore: new Date(ISSUED.getTime() + 999) });
    const certificate = Certificate.parse(await signTbs(encodeLeafTbs(profile, POISON_EXTENSION), ca.signer));
    expect(certificate.notBefore).toEqual(ISSUED);
  });

  it('copies the issuer name byte for byte, odd string types included', async () => {
    const subject = Uint8Array.from([0x30, 0x0d, 0x31, 0x0b, 0x30, 9, 6, 3, 0x55, 4, 3, 0x0c, 2, 0x63, 0x61]);
    const signer = PrivateKeySigner.generate('P-256');
    const odd = await craftedAuthority(
      undefined,
      {
        subject,
        issuer: subject,
        spki: signer.publicKey.spki,
        extensions: [
          caExtensions.keyUsage,
          caExtensions.constraints(0),
          caExtensions.subjectKeyIdentifier(signer.publicKey),
        ],
      },
      signer,
    );
    expect((await issue(odd, signer)).certificate.issuer).toEqual(subject);
  });

  it('takes the full 159 bits of a serial number and strips leading zeros', async () => {
    const serialNumber = concatBytes(new Uint8Array(4), new Uint8Array(20).fill(0x7f));
    const { certificate } = await issue(ca, PrivateKeySigner.generate('P-256'), { serialNumber });
    expect(certificate.serialNumber).toEqual(new Uint8Array(20).fill(0x7f));
  });

  it.each<[string, Partial<LeafProfile>]>([
    ['serial number zero', { serialNumber: new Uint8Array(20) }],
    ['an empty serial number', { serialNumber: new Uint8Array() }],
    ['a serial number of 160 bits', { serialNumber: new Uint8Array(20).fill(0x80) }],
    ['a validity that ends before it starts', { notBefore: EXPIRES, notAfter: ISSUED }],
    ['a validity beyond UTCTime', { notAfter: new Date('2050-01-01T00:00:00Z') }],
    ['a date that is none', { notBefore: new Date(Number.NaN) }],
    ['a claim set without issuer', { claims: { issuer: '' } }],
    ['an alternative name that is empty', { subjectAlternativeName: { type: 'email', value: '' } }],
  ])('is not made with %s', (_, overrides) => {
    expect(refusal(() => encodeLeafTbs(leafProfile(ca.certificate, overrides), POISON_EXTENSION))).toBe(
      'PROFILE',
    );
  });

  it('is not made with another last extension', () => {
    const last = { oid: '1.2.3.4', critical: false, value: new Uint8Array() };
    expect(refusal(() => encodeLeafTbs(leafProfile(ca.certificate), last))).toBe('PROFILE');
  });

  it('is not made under a CA without subject key identifier, nor under an end entity', async () => {
    const anonymous = (await craftedAuthority(undefined)).certificate;
    expect(refusal(() => encodeLeafTbs(leafProfile(anonymous), POISON_EXTENSION))).toBe('PROFILE');
    const leaf = await craftedLeaf(ca);
    expect(refusal(() => encodeLeafTbs(leafProfile(leaf), POISON_EXTENSION))).toBe('PROFILE');
  });

  it('is not signed with another algorithm than it names', async () => {
    const tbs = encodeLeafTbs(leafProfile(ca.certificate), POISON_EXTENSION);
    expect(await asyncRefusal(() => signTbs(tbs, PrivateKeySigner.generate('P-256')))).toBe(
      'SIGNATURE_ALGORITHM',
    );
    expect(await asyncRefusal(() => signTbs(Uint8Array.of(0x30, 0), ca.signer))).toBe('MALFORMED');
  });

  it('is signed by the issuing CA and nobody else', async () => {
    const { certificate } = await issue(ca, PrivateKeySigner.generate('P-256'));
    expect(() => verifyCertificateSignature(certificate, ca.certificate)).not.toThrow();
    expect(refusal(() => verifyCertificateSignature(certificate, root.certificate))).toBe('SIGNATURE');
  });
});

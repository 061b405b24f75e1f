import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { AsnConvert, AsnUtf8StringConverter } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';
import * as peculiar from '@peculiar/x509';
import { PublicKey, type KeyType } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { Certificate, keyIdentifierOf } from '../certificate.ts';
import type { Extension } from '../extension.ts';
import { encodeFulcioExtensions } from '../fulcio-extensions.ts';
import type { GeneralName } from '../general-name.ts';
import type { LeafProfile } from '../leaf.ts';
import { oids } from '../oids.ts';

peculiar.cryptoProvider.set(webcrypto);

type Algorithm = webcrypto.RsaHashedKeyGenParams & webcrypto.EcKeyGenParams & { hash: string };

const ALGORITHMS: Readonly<Record<KeyType, object>> = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
  Ed25519: { name: 'Ed25519' },
};

/** A self-signed CA whose every byte is @peculiar/x509's. */
export interface PeculiarAuthority {
  readonly certificate: Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: Algorithm;
}

export async function makePeculiarAuthority(type: KeyType): Promise<PeculiarAuthority> {
  const algorithm = ALGORITHMS[type] as Algorithm;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const spki = new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  const built = await peculiar.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'O=acme, CN=issuing',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2036-01-01T00:00:00Z'),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new peculiar.KeyUsagesExtension(peculiar.KeyUsageFlags.keyCertSign, true),
      new peculiar.BasicConstraintsExtension(true, 0, true),
      new peculiar.SubjectKeyIdentifierExtension(encodeHex(keyIdentifierOf(PublicKey.fromSpki(spki).spki))),
    ],
  });
  return { certificate: Certificate.parse(new Uint8Array(built.rawData)), keys, algorithm };
}

/** TBSCertificate of the profile, written by @peculiar/x509; only Fulcio's own extensions come from us. */
export async function peculiarLeafTbs(
  profile: LeafProfile,
  last: Extension,
  { certificate, keys, algorithm }: PeculiarAuthority,
): Promise<Uint8Array> {
  const built = await peculiar.X509CertificateGenerator.create({
    serialNumber: encodeHex(profile.serialNumber),
    issuer: 'O=acme, CN=issuing',
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    signingAlgorithm: algorithm,
    signingKey: keys.privateKey,
    publicKey: new peculiar.PublicKey(Uint8Array.from(profile.publicKey.spki)),
    extensions: [
      new peculiar.KeyUsagesExtension(peculiar.KeyUsageFlags.digitalSignature, true),
      new peculiar.ExtendedKeyUsageExtension([peculiar.ExtendedKeyUsage.codeSigning], false),
      new peculiar.SubjectKeyIdentifierExtension(encodeHex(keyIdentifierOf(profile.publicKey.spki))),
      new peculiar.AuthorityKeyIdentifierExtension(encodeHex(keyIdentifierOf(certificate.spki))),
      alternativeName(profile.subjectAlternativeName),
      ...[...encodeFulcioExtensions(profile.claims), last].map(
        ({ oid, critical, value }) => new peculiar.Extension(oid, critical, Uint8Array.from(value)),
      ),
    ],
  });
  return Certificate.parse(new Uint8Array(built.rawData)).tbs;
}

function alternativeName({ type, value }: GeneralName): peculiar.Extension {
  switch (type) {
    case 'uri':
      return new peculiar.SubjectAlternativeNameExtension([{ type: 'url', value }], true);
    case 'otherName': {
      const text = AsnUtf8StringConverter.toASN(value).toBER();
      const name = new asn1.OtherName({ typeId: oids.fulcioUsername, value: text });
      const names = new asn1.SubjectAlternativeName([new asn1.GeneralName({ otherName: name })]);
      return new peculiar.Extension(oids.subjectAlternativeName, true, AsnConvert.serialize(names));
    }
    case 'email':
      return new peculiar.SubjectAlternativeNameExtension([{ type, value }], true);
    default:
      throw new Error(`no certificate names its subject by ${type}`);
  }
}

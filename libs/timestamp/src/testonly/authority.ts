import { PrivateKeySigner, type KeyType, type Signer } from '@sigstead/crypto';
import { derExplicit, DerReader, derSequence } from '@sigstead/encoding';
import {
  Certificate,
  encodeCaCertificate,
  encodeExtension,
  encodeTimestampSignerCertificate,
  signTbs,
  type CaProfile,
  type Extension,
  type TimestampSignerProfile,
} from '@sigstead/x509';

export const NOW = new Date('2026-03-01T12:00:00.900Z');
const SUBJECT = 'octo';
const VALIDITY = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') };

let serial = 0;
const nextSerial = (): Uint8Array => Uint8Array.of(0x51, serial >> 8, serial++ & 0xff);

/** A CA certificate with its key. */
export interface TestCa {
  readonly certificate: Certificate;
  readonly signer: PrivateKeySigner;
}

/** A timestamp signer: its key and its certificates, signer first. */
export interface TestTimestampSigner {
  readonly signer: Signer;
  readonly chain: readonly Certificate[];
  readonly issuer: TestCa;
}

export async function makeCa(
  commonName: string,
  options: Partial<CaProfile> & { above?: TestCa } = {},
): Promise<TestCa> {
  const { above, ...profile } = options;
  const signer = PrivateKeySigner.generate('P-384');
  const tbs = encodeCaCertificate({
    serialNumber: nextSerial(),
    subject: { organization: SUBJECT, commonName },
    publicKey: signer.publicKey,
    ...(above === undefined ? {} : { issuer: above.certificate }),
    ...VALIDITY,
    ...profile,
  });
  return { certificate: Certificate.parse(await signTbs(tbs, above?.signer ?? signer)), signer };
}

/** Root and signer as the ceremony makes them, or below the given CAs (issuing CA first). */
export async function makeTimestampSigner(
  type: KeyType,
  options: {
    above?: readonly TestCa[];
    profile?: Partial<TimestampSignerProfile>;
    signer?: PrivateKeySigner;
  } = {},
): Promise<TestTimestampSigner> {
  const above = options.above ?? [await makeCa('timestamp root', { pathLength: 0 })];
  const [issuer] = above as [TestCa];
  const signer = options.signer ?? PrivateKeySigner.generate(type);
  const tbs = encodeTimestampSignerCertificate({
    serialNumber: nextSerial(),
    subject: { organization: SUBJECT, commonName: 'timestamp' },
    issuer: issuer.certificate,
    publicKey: signer.publicKey,
    ...VALIDITY,
    ...options.profile,
  });
  const certificate = Certificate.parse(await signTbs(tbs, issuer.signer));
  return { signer, chain: [certificate, ...above.map((ca) => ca.certificate)], issuer };
}

/** The certificate with one extension put in the place of its namesake, signed again. */
export async function withExtension(
  certificate: Certificate,
  extension: Extension,
  issuer: TestCa,
): Promise<Certificate> {
  const fields = new DerReader(certificate.tbsWithout(extension.oid)).sequence();
  const elements: Uint8Array[] = [];
  while (fields.tag !== 0xa3) elements.push(fields.element().raw);
  const kept = new DerReader(fields.read(0xa3)).read(0x30);
  const tbs = derSequence(...elements, derExplicit(3, derSequence(kept, encodeExtension(extension))));
  return Certificate.parse(await signTbs(tbs, issuer.signer));
}

import { PrivateKeySigner } from '@sigstead/crypto';
import { Certificate, encodeCaCertificate, oids, signTbs } from '@sigstead/x509';

/** What the ceremony fixes for the life of the instance; none of it follows a port or an address. */
export interface CeremonyPlan {
  /** Organisation in the CA's names and operator in the signing configuration. */
  readonly organization: string;
  /** Host name in the Rekor v1 origin and signer name: the host part of the log's public URL. */
  readonly logHost: string;
  /** Path segment of the certificate transparency shard. */
  readonly ctShard: string;
}

/** The public outcome: everything that trust files are made of. */
export interface Ceremony extends CeremonyPlan {
  readonly createdAt: Date;
  /** Decimal, below 2^63. */
  readonly rekorTreeId: string;
  /** Issuing CA first, root last. */
  readonly caChain: readonly Certificate[];
  readonly rekorPublicKeyPem: string;
  readonly ctPublicKeyPem: string;
}

/** The private outcome that services need. The root's key is apart: it signs intermediates, offline. */
export interface CeremonyKeys {
  readonly ca: PrivateKeySigner;
  readonly rekor: PrivateKeySigner;
  readonly ct: PrivateKeySigner;
}

export interface CeremonyEnvironment {
  readonly now: Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

const ROOT_YEARS = 10;
const INTERMEDIATE_YEARS = 5;

/** Makes all keys (CA P-384, logs P-256) and the two CA certificates in the profile of the public instance. */
export async function performCeremony(
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
): Promise<{ ceremony: Ceremony; keys: CeremonyKeys; rootKey: PrivateKeySigner }> {
  const createdAt = new Date(Math.floor(environment.now.getTime() / 1000) * 1000);
  const rootKey = PrivateKeySigner.generate('P-384');
  const keys = {
    ca: PrivateKeySigner.generate('P-384'),
    rekor: PrivateKeySigner.generate('P-256'),
    ct: PrivateKeySigner.generate('P-256'),
  };
  const root = await issue(rootKey, {
    serialNumber: positiveSerial(environment.randomBytes),
    subject: { organization: plan.organization, commonName: `${plan.organization} root` },
    publicKey: rootKey.publicKey,
    notBefore: createdAt,
    notAfter: addYears(createdAt, ROOT_YEARS),
  });
  const intermediate = await issue(rootKey, {
    serialNumber: positiveSerial(environment.randomBytes),
    issuer: root,
    subject: { organization: plan.organization, commonName: `${plan.organization} intermediate` },
    publicKey: keys.ca.publicKey,
    notBefore: createdAt,
    notAfter: addYears(createdAt, INTERMEDIATE_YEARS),
    pathLength: 0,
    extendedKeyUsages: [oids.codeSigning],
  });
  return {
    rootKey,
    keys,
    ceremony: {
      ...plan,
      createdAt,
      rekorTreeId: randomTreeId(environment.randomBytes),
      caChain: [intermediate, root],
      rekorPublicKeyPem: keys.rekor.publicKey.toPem(),
      ctPublicKeyPem: keys.ct.publicKey.toPem(),
    },
  };
}

async function issue(
  signer: PrivateKeySigner,
  profile: Parameters<typeof encodeCaCertificate>[0],
): Promise<Certificate> {
  return Certificate.parse(await signTbs(encodeCaCertificate(profile), signer));
}

/** 159 random bits: positive, and never longer than the 20 octets of RFC 5280 section 4.1.2.2. */
function positiveSerial(randomBytes: (length: number) => Uint8Array): Uint8Array {
  const serial = randomBytes(20);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  return serial;
}

/** A positive int64, as Trillian's tree identifiers are. */
function randomTreeId(randomBytes: (length: number) => Uint8Array): string {
  const [first, ...rest] = randomBytes(8);
  return [((first as number) & 0x7f) | 0x10, ...rest]
    .reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
    .toString();
}

function addYears(date: Date, years: number): Date {
  const later = new Date(date);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}

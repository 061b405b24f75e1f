import { PrivateKeySigner } from '@sigstead/crypto';
import {
  Certificate,
  encodeCaCertificate,
  encodeTimestampSignerCertificate,
  issueCaChain,
  randomSerialNumber,
  signTbs,
} from '@sigstead/x509';
import {
  DEFAULT_REKOR_V2_KEY_TYPE,
  firstRekorV2Origin,
  type RekorV2KeyType,
  type RekorV2Shard,
} from './rekor-v2-shard.ts';

/** What the ceremony fixes for the life of the instance; none of it follows a port or an address. */
export interface CeremonyPlan {
  /** Organisation in the CA's names and operator in the signing configuration. */
  readonly organization: string;
  /** Host name in the origins of all logs and the signer name of Rekor v1: the host part of the log's public URL. */
  readonly logHost: string;
  /** Path segment of the certificate transparency shard. */
  readonly ctShard: string;
  /** Of the CA's root and intermediate, P-384 unless told. */
  readonly caKeyType?: 'P-256' | 'P-384';
  /** Of the Rekor v2 log, P-256 unless told. */
  readonly rekorV2KeyType?: RekorV2KeyType;
}

/** The public outcome: everything that trust files are made of. */
export interface Ceremony extends Omit<CeremonyPlan, 'caKeyType' | 'rekorV2KeyType'> {
  readonly createdAt: Date;
  /** Decimal, below 2^63. */
  readonly rekorTreeId: string;
  /** Issuing CA first, root last. */
  readonly caChain: readonly Certificate[];
  readonly rekorPublicKeyPem: string;
  /** Oldest first; the last one takes entries. */
  readonly rekorV2Shards: readonly RekorV2Shard[];
  readonly ctPublicKeyPem: string;
  /** Timestamp signer first, its own self-signed root last: nothing of the CA's. */
  readonly timestampChain: readonly Certificate[];
  /** Whoever reads the list of revocations checks it with this key. */
  readonly revocationPublicKeyPem: string;
}

/** The private outcome: the keys that services need, and those of the two roots, which are kept offline. */
export interface CeremonyKeys extends TimestampKeys {
  readonly root: PrivateKeySigner;
  readonly ca: PrivateKeySigner;
  readonly rekor: PrivateKeySigner;
  readonly rekorV2: PrivateKeySigner;
  readonly ct: PrivateKeySigner;
  readonly revocation: PrivateKeySigner;
}

export interface TimestampKeys {
  readonly timestampRoot: PrivateKeySigner;
  readonly timestamp: PrivateKeySigner;
}

export interface CeremonyEnvironment {
  readonly now: Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

const ROOT_YEARS = 10;
const INTERMEDIATE_YEARS = 5;

/**
 * Makes all keys (CA P-384 unless told, the others P-256; Rekor v2 Ed25519 where that is wanted) and certificates in the profile of the public instance.
 */
export async function performCeremony(
  plan: CeremonyPlan,
  environment: CeremonyEnvironment,
): Promise<{ ceremony: Ceremony; keys: CeremonyKeys }> {
  const { caKeyType = 'P-384', rekorV2KeyType, ...lasting } = plan;
  const createdAt = wholeSeconds(environment.now);
  const timestamping = await makeTimestampAuthority(plan.organization, environment);
  const rekorV2 = makeRekorV2Log(plan.logHost, rekorV2KeyType, environment);
  const keys = {
    root: PrivateKeySigner.generate(caKeyType),
    ca: PrivateKeySigner.generate(caKeyType),
    rekor: PrivateKeySigner.generate('P-256'),
    rekorV2: rekorV2.key,
    ct: PrivateKeySigner.generate('P-256'),
    revocation: PrivateKeySigner.generate('P-256'),
    ...timestamping.keys,
  };
  const caChain = await issueCaChain({
    organization: plan.organization,
    root: keys.root,
    issuingKey: keys.ca.publicKey,
    notBefore: createdAt,
    rootNotAfter: addYears(createdAt, ROOT_YEARS),
    issuingNotAfter: addYears(createdAt, INTERMEDIATE_YEARS),
    randomBytes: environment.randomBytes,
  });
  return {
    keys,
    ceremony: {
      ...lasting,
      createdAt,
      rekorTreeId: randomTreeId(environment.randomBytes),
      caChain,
      rekorPublicKeyPem: keys.rekor.publicKey.toPem(),
      rekorV2Shards: [rekorV2.shard],
      ctPublicKeyPem: keys.ct.publicKey.toPem(),
      timestampChain: timestamping.chain,
      revocationPublicKeyPem: keys.revocation.publicKey.toPem(),
    },
  };
}

/** The first shard of a Rekor v2 log, trusted from now on. */
export function makeRekorV2Log(
  logHost: string,
  keyType: RekorV2KeyType = DEFAULT_REKOR_V2_KEY_TYPE,
  { now }: Pick<CeremonyEnvironment, 'now'>,
): { key: PrivateKeySigner; shard: RekorV2Shard } {
  const key = PrivateKeySigner.generate(keyType);
  const shard = {
    origin: firstRekorV2Origin(logHost, now),
    publicKeyPem: key.publicKey.toPem(),
    validFor: { start: wholeSeconds(now) },
  };
  return { key, shard };
}

/** A root of its own and the signer below it, both valid as long as the root: a timestamp is of use while its chain is valid. */
export async function makeTimestampAuthority(
  organization: string,
  environment: CeremonyEnvironment,
): Promise<{ keys: TimestampKeys; chain: readonly Certificate[] }> {
  const timestampRoot = PrivateKeySigner.generate('P-384');
  const timestamp = PrivateKeySigner.generate('P-256');
  const notBefore = wholeSeconds(environment.now);
  const notAfter = addYears(notBefore, ROOT_YEARS);
  const root = await issue(
    timestampRoot,
    encodeCaCertificate({
      serialNumber: randomSerialNumber(environment.randomBytes),
      subject: { organization, commonName: `${organization} timestamp root` },
      publicKey: timestampRoot.publicKey,
      notBefore,
      notAfter,
      pathLength: 0,
    }),
  );
  const signer = await issue(
    timestampRoot,
    encodeTimestampSignerCertificate({
      serialNumber: randomSerialNumber(environment.randomBytes),
      issuer: root,
      subject: { organization, commonName: `${organization} timestamp authority` },
      publicKey: timestamp.publicKey,
      notBefore,
      notAfter,
    }),
  );
  return { keys: { timestampRoot, timestamp }, chain: [signer, root] };
}

async function issue(signer: PrivateKeySigner, tbs: Uint8Array): Promise<Certificate> {
  return Certificate.parse(await signTbs(tbs, signer));
}

/** Certificates have whole seconds. */
function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
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

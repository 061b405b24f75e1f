import type { Extension } from '../extension.ts';
import { derSequence } from '@sigstead/encoding';
import { PrivateKeySigner, type KeyType, type PublicKey, type Signer } from '@sigstead/crypto';
import { encodeCaCertificate, type CaProfile } from '../ca.ts';
import { Certificate, keyIdentifierOf } from '../certificate.ts';
import type { FulcioClaims } from '../fulcio-extensions.ts';
import { encodeLeafTbs, type LeafProfile } from '../leaf.ts';
import { encodeCaName } from '../name.ts';
import { oids } from '../oids.ts';
import {
  encodeSct,
  parseSct,
  sctListExtension,
  sctSignatureInput,
  type SignedCertificateTimestamp,
} from '../sct.ts';
import { caSignatureAlgorithm, signTbs } from '../signature.ts';
import { precertificateTbs, POISON_EXTENSION } from '../precertificate.ts';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from '../standard-extensions.ts';
import { encodeTbs, type TbsFields } from '../tbs.ts';

export const NOT_BEFORE = new Date('2026-01-01T00:00:00Z');
export const NOT_AFTER = new Date('2036-01-01T00:00:00Z');
export const ISSUED = new Date('2026-06-01T12:00:00Z');
export const EXPIRES = new Date('2026-06-01T12:10:00Z');

export const SERIAL = Uint8Array.of(0x35, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);

export const SUBJECT_ALTERNATIVE_NAME = {
  type: 'uri',
  value: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
} as const;

export const CLAIMS: FulcioClaims = {
  issuer: 'https://token.actions.githubusercontent.com',
  githubWorkflowTrigger: 'push',
  githubWorkflowSha: 'af785b6d3b0fa0c0aa1305faee7ce6036e8d90c4',
  githubWorkflowName: 'Release – naïve',
  githubWorkflowRepository: 'acme/app',
  githubWorkflowRef: 'refs/heads/main',
  buildSignerUri: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  buildSignerDigest: 'af785b6d3b0fa0c0aa1305faee7ce6036e8d90c4',
  runnerEnvironment: 'github-hosted',
  sourceRepositoryUri: 'https://github.com/acme/app',
  sourceRepositoryDigest: 'af785b6d3b0fa0c0aa1305faee7ce6036e8d90c4',
  sourceRepositoryRef: 'refs/heads/main',
  sourceRepositoryIdentifier: '123456789',
  sourceRepositoryOwnerUri: 'https://github.com/acme',
  sourceRepositoryOwnerIdentifier: '98765',
  buildConfigUri: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  buildConfigDigest: 'af785b6d3b0fa0c0aa1305faee7ce6036e8d90c4',
  buildTrigger: 'push',
  runInvocationUri: 'https://github.com/acme/app/actions/runs/42/attempts/1',
  sourceRepositoryVisibilityAtSigning: 'private',
  deploymentEnvironment: 'production',
  subject: 'repo:acme/app:ref:refs/heads/main',
};

/** A CA with its key. */
export interface Authority {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

/** A root, or with `above` an intermediate, in our own profile. */
export async function authority(
  commonName: string,
  options: Partial<CaProfile> & { type?: KeyType; above?: Authority } = {},
): Promise<Authority> {
  const { type = 'P-384', above, ...profile } = options;
  const signer = PrivateKeySigner.generate(type);
  const tbs = encodeCaCertificate({
    serialNumber: SERIAL,
    subject: { organization: 'acme', commonName },
    publicKey: signer.publicKey,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    ...(above && { issuer: above.certificate }),
    ...profile,
  });
  return { certificate: Certificate.parse(await signTbs(tbs, (above ?? { signer }).signer)), signer };
}

/** A CA certificate with fields and extensions of choice; `extensions` default to those of an intermediate. */
export async function craftedAuthority(
  above: Authority | undefined,
  fields: Partial<TbsFields> = {},
  signer: Signer = PrivateKeySigner.generate('P-256'),
): Promise<Authority> {
  const subject = fields.subject ?? encodeCaName({ organization: 'acme', commonName: 'crafted' });
  const tbs = encodeTbs({
    serialNumber: SERIAL,
    signatureAlgorithm: caSignatureAlgorithm((above?.signer ?? signer).publicKey),
    issuer: above?.certificate.subject ?? subject,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    subject,
    spki: signer.publicKey.spki,
    extensions: [keyUsageExtension(['keyCertSign', 'cRLSign']), basicConstraintsExtension(undefined)],
    ...fields,
  });
  return { certificate: Certificate.parse(await signTbs(tbs, above?.signer ?? signer)), signer };
}

/** Extensions of a well-formed CA, to leave out or change. */
export const caExtensions = {
  keyUsage: keyUsageExtension(['keyCertSign', 'cRLSign']),
  constraints: (pathLength?: number): Extension => basicConstraintsExtension(pathLength),
  usages: (...usages: string[]): Extension => extendedKeyUsageExtension(usages),
  subjectKeyIdentifier: (key: PublicKey): Extension =>
    subjectKeyIdentifierExtension(keyIdentifierOf(key.spki)),
  authorityKeyIdentifier: authorityKeyIdentifierExtension,
};

/** An end entity with extensions of choice; they default to what a chain needs. */
export async function craftedLeaf(above: Authority, fields: Partial<TbsFields> = {}): Promise<Certificate> {
  const { publicKey } = PrivateKeySigner.generate('P-256');
  const tbs = encodeTbs({
    serialNumber: SERIAL,
    signatureAlgorithm: caSignatureAlgorithm(above.signer.publicKey),
    issuer: above.certificate.subject,
    notBefore: ISSUED,
    notAfter: EXPIRES,
    subject: derSequence(),
    spki: publicKey.spki,
    extensions: [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([oids.codeSigning])],
    ...fields,
  });
  return Certificate.parse(await signTbs(tbs, above.signer));
}

/** Profile of a leaf under this CA, with every claim. */
export function leafProfile(issuer: Certificate, overrides: Partial<LeafProfile> = {}): LeafProfile {
  return {
    serialNumber: SERIAL,
    issuer,
    notBefore: ISSUED,
    notAfter: EXPIRES,
    publicKey: LEAF_SIGNER.publicKey,
    subjectAlternativeName: SUBJECT_ALTERNATIVE_NAME,
    claims: CLAIMS,
    ...overrides,
  };
}

export const LEAF_SIGNER = PrivateKeySigner.generate('P-256');

/** SCT of a log for a precertificate. */
export async function logged(
  precertificate: Certificate,
  issuer: Certificate,
  log: Signer,
  extensions: Uint8Array = new Uint8Array(),
): Promise<SignedCertificateTimestamp> {
  const timestampMs = BigInt(ISSUED.getTime());
  const tbs = precertificateTbs(precertificate);
  const input = sctSignatureInput({ timestampMs, issuerKeyHash: issuer.spkiHash, tbs, extensions });
  return parseSct(
    encodeSct({
      version: 0,
      logId: log.publicKey.keyId,
      timestampMs,
      extensions,
      hashAlgorithm: 4,
      signatureAlgorithm: log.publicKey.type === 'RSA' ? 1 : 3,
      signature: await log.sign(input),
    }),
  );
}

/** The whole issuance: precertificate, SCT, final certificate. */
export async function issue(
  ca: Authority,
  log: Signer,
  overrides: Partial<LeafProfile> = {},
): Promise<{ precertificate: Certificate; sct: SignedCertificateTimestamp; certificate: Certificate }> {
  const profile = leafProfile(ca.certificate, overrides);
  const precertificate = Certificate.parse(
    await signTbs(encodeLeafTbs(profile, POISON_EXTENSION), ca.signer),
  );
  const sct = await logged(precertificate, ca.certificate, log);
  const certificate = Certificate.parse(
    await signTbs(encodeLeafTbs(profile, sctListExtension([sct])), ca.signer),
  );
  return { precertificate, sct, certificate };
}

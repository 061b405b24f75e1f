import { OidcError, principalOf, verifyToken, type IssuerPool, type Principal } from '@sigstead/oidc';
import {
  Certificate,
  encodeLeafTbs,
  POISON_EXTENSION,
  sctListExtension,
  signTbs,
  X509Error,
  type LeafProfile,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import type { PublicKey } from '@sigstead/crypto';
import type { CertificateLog } from './certificate-log.ts';
import { IssuanceError } from './issuance-error.ts';
import { LIFETIME_MS, type IssuingAuthority } from './issuing-authority.ts';
import { assertPermittedAlgorithm } from './permitted-algorithm.ts';
import { verifyProofOfPossession, verifySigningRequest, type ProvenKey } from './proof-of-possession.ts';
import { assertRecordable, certificateEntry, type IssuanceRecord } from './record/issuance-record.ts';
import type { SigningRequest } from './signing-request.ts';

/** Everything issuance depends on besides the request. */
export interface IssuanceContext {
  /** Asked once for each token: they may change while the service runs. */
  readonly issuers: { current(): IssuerPool };
  readonly authority: IssuingAuthority;
  readonly log: CertificateLog;
  readonly record: IssuanceRecord;
  readonly clock: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface IssuedCertificate {
  readonly certificate: Certificate;
  readonly principal: Principal;
  /** Leaf, issuing CA, ..., root. */
  readonly chain: readonly Certificate[];
}

/**
 * The one way to a certificate, for every API: Fulcio's checks in Fulcio's order. The certificate exists only after the log has
 * promised to show it, and is handed out only after it was recorded.
 *
 * @throws IssuanceError naming the first check that failed
 */
export async function issueCertificate(
  request: SigningRequest,
  context: IssuanceContext,
): Promise<IssuedCertificate> {
  const { authority, log, record } = context;
  const principal = await authenticate(request.token, context);
  const proven = verifyPossession(request, principal);
  assertPermittedAlgorithm(proven);
  assertRecordable(principal);
  const profile = leafProfile(principal, proven.publicKey, context);
  authority.assertCovers(profile.notBefore, profile.notAfter);
  const precertificate = await signPrecertificate(profile, authority);
  const sct = await log.announce(precertificate, authority.chain);
  const certificate = await signCertificate(profile, sct, authority);
  await record.enter(certificateEntry(certificate, proven.publicKey, authority.certificate, principal, sct));
  return { certificate, principal, chain: [certificate, ...authority.chain] };
}

/** Fulcio's text, followed by the failed check and what was wanted. */
const TOKEN_ERROR = 'There was an error processing the identity token';

async function authenticate(token: string, { issuers, clock }: IssuanceContext): Promise<Principal> {
  try {
    return principalOf(await verifyToken(token, issuers.current(), clock()));
  } catch (cause) {
    if (!(cause instanceof OidcError)) throw cause;
    // The issuer failed, not the token: a client that came again might succeed.
    const code = cause.code === 'DISCOVERY' || cause.code === 'JWKS' ? 'ISSUER_UNAVAILABLE' : 'TOKEN';
    throw new IssuanceError(code, `${TOKEN_ERROR}: ${cause.message}`, { cause });
  }
}

function verifyPossession({ key }: SigningRequest, principal: Principal): ProvenKey {
  return key.kind === 'public-key'
    ? verifyProofOfPossession(key, principal.proofOfPossessionSubjects)
    : verifySigningRequest(key);
}

/** From now, never earlier: whole seconds, as certificates have them. */
function leafProfile(principal: Principal, publicKey: PublicKey, context: IssuanceContext): LeafProfile {
  const notBefore = new Date(Math.floor(context.clock().getTime() / 1000) * 1000);
  return {
    serialNumber: serialNumber(context.randomBytes),
    issuer: context.authority.certificate,
    notBefore,
    notAfter: new Date(notBefore.getTime() + LIFETIME_MS),
    publicKey,
    subjectAlternativeName: principal.subjectAlternativeName,
    claims: principal.claims,
  };
}

/** 159 random bits: 20 octets that DER needs no further one for. */
function serialNumber(randomBytes: (length: number) => Uint8Array): Uint8Array {
  const serial = Uint8Array.from(randomBytes(20));
  serial[0] = (serial[0] as number) & 0x7f;
  return serial;
}

async function signPrecertificate(profile: LeafProfile, authority: IssuingAuthority): Promise<Certificate> {
  return Certificate.parse(await signTbs(encodePoisoned(profile), authority.signer));
}

/** What the profile cannot hold is found here, before anything is signed. */
function encodePoisoned(profile: LeafProfile): Uint8Array {
  try {
    return encodeLeafTbs(profile, POISON_EXTENSION);
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    throw new IssuanceError('IDENTITY', `the identity cannot be certified: ${cause.message}`, { cause });
  }
}

async function signCertificate(
  profile: LeafProfile,
  sct: SignedCertificateTimestamp,
  authority: IssuingAuthority,
): Promise<Certificate> {
  return Certificate.parse(await signTbs(encodeLeafTbs(profile, sctListExtension([sct])), authority.signer));
}

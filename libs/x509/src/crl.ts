import { der, derExplicit, derGeneralizedTime, derInteger, derSequence, derTime } from '@sigstead/encoding';
import type { Certificate } from './certificate.ts';
import { decoding, X509Error } from './errors.ts';
import { encodeExtension, type Extension } from './extension.ts';
import { issuerKeyIdentifier } from './leaf.ts';
import { oids } from './oids.ts';
import { caSignatureAlgorithm } from './signature.ts';
import { authorityKeyIdentifierExtension } from './standard-extensions.ts';

/**
 * CRLReason (RFC 5280 section 5.3.1). Without certificateHold and removeFromCRL, which take a revocation back, and
 * aACompromise, which is about attribute certificates.
 */
export const CRL_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

export type CrlReason = keyof typeof CRL_REASONS;

/** One certificate on a CRL. Milliseconds are cut off everywhere. */
export interface RevokedCertificate {
  /** Unsigned big-endian, positive. */
  readonly serialNumber: Uint8Array;
  /** When it was revoked. */
  readonly revocationDate: Date;
  readonly reason: CrlReason;
  /** Since when the certificate is not to be trusted, when that is another date. */
  readonly invalidityDate?: Date | undefined;
}

export interface CrlProfile {
  /** The CA that issued the certificates and signs the CRL. */
  readonly issuer: Certificate;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Grows from one CRL of the issuer to the next; positive, at most 20 octets. */
  readonly crlNumber: bigint;
  readonly revoked: readonly RevokedCertificate[];
}

const VERSION_2 = derInteger(1n);
const MAX_CRL_NUMBER = 1n << 159n;
const ENUMERATED = 0x0a;

/**
 * TBSCertList of version 2 (RFC 5280 section 5.1): full and direct, for one CA. Certificates stay on it after they have expired, as
 * expiredCertsOnCRL says (X.509 section 9.5.2.8): signatures are verified long after the ten minutes of their certificate.
 * Sign with `signTbs`.
 *
 * ```asn1
 * TBSCertList ::= SEQUENCE { version INTEGER, signature AlgorithmIdentifier, issuer Name, thisUpdate Time, nextUpdate Time,
 *   revokedCertificates SEQUENCE OF SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions Extensions OPTIONAL } OPTIONAL,
 *   crlExtensions [0] Extensions }
 * ```
 *
 * @throws X509Error PROFILE when the issuer may not sign CRLs or has no subject key identifier, a date cannot be written, a serial
 *   number is not positive, or the CRL number is out of range
 */
export function encodeCrlTbs(profile: CrlProfile): Uint8Array {
  const { issuer, thisUpdate, nextUpdate, crlNumber, revoked } = profile;
  assertMaySignCrls(issuer);
  if (!(thisUpdate.getTime() < nextUpdate.getTime()))
    throw new X509Error('PROFILE', 'CRL ends before it starts');
  if (crlNumber <= 0n || crlNumber >= MAX_CRL_NUMBER) {
    throw new X509Error('PROFILE', `CRL number ${crlNumber}, want a positive one of at most 20 octets`);
  }
  return derSequence(
    VERSION_2,
    caSignatureAlgorithm(issuer.publicKey),
    issuer.subject,
    time(thisUpdate),
    time(nextUpdate),
    // Absent when nothing is revoked: an empty list is not allowed.
    ...(revoked.length === 0 ? [] : [derSequence(...revoked.map(encodeRevoked))]),
    derExplicit(
      0,
      derSequence(
        encodeExtension(authorityKeyIdentifierExtension(issuerKeyIdentifier(issuer))),
        encodeExtension({ oid: oids.crlNumber, critical: false, value: derInteger(crlNumber) }),
        encodeExtension({
          oid: oids.expiredCertsOnCrl,
          critical: false,
          value: generalizedTime(issuer.notBefore),
        }),
      ),
    ),
  );
}

/** @throws X509Error PROFILE when key usage forbids it (RFC 5280 section 4.2.1.3) */
function assertMaySignCrls(issuer: Certificate): void {
  if (issuer.keyUsage === undefined || issuer.keyUsage.includes('cRLSign')) return;
  throw new X509Error('PROFILE', 'key usage does not allow to sign revocation lists', {
    certificate: issuer.describe(),
  });
}

function encodeRevoked({
  serialNumber,
  revocationDate,
  reason,
  invalidityDate,
}: RevokedCertificate): Uint8Array {
  if (serialNumber.every((octet) => octet === 0))
    throw new X509Error('PROFILE', 'serial number is not positive');
  const extensions: Extension[] = [];
  // `unspecified` is said by saying nothing (RFC 5280 section 5.3.1).
  if (reason !== 'unspecified') {
    const value = der(ENUMERATED, Uint8Array.of(CRL_REASONS[reason]));
    extensions.push({ oid: oids.reasonCode, critical: false, value });
  }
  if (invalidityDate !== undefined) {
    extensions.push({ oid: oids.invalidityDate, critical: false, value: generalizedTime(invalidityDate) });
  }
  return derSequence(
    derInteger(serialNumber),
    time(revocationDate),
    ...(extensions.length === 0 ? [] : [derSequence(...extensions.map(encodeExtension))]),
  );
}

function time(date: Date): Uint8Array {
  return decoding('PROFILE', 'date of a CRL', () => derTime(date));
}

/** What these two extensions hold, whatever the year. */
function generalizedTime(date: Date): Uint8Array {
  return decoding('PROFILE', 'date of a CRL', () => derGeneralizedTime(date));
}

import type { PublicKey } from '@sigstead/crypto';
import { keyIdentifierOf, type Certificate } from './certificate.ts';
import { X509Error } from './errors.ts';
import { issuerKeyIdentifier } from './leaf.ts';
import { encodeCaName, type CaName } from './name.ts';
import { oids } from './oids.ts';
import { caSignatureAlgorithm } from './signature.ts';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from './standard-extensions.ts';
import { encodeTbs } from './tbs.ts';

/** A named certificate: CA or timestamp signer. */
export interface NamedProfile {
  /** Unsigned big-endian, positive, at most 20 octets with a clear top bit. */
  readonly serialNumber: Uint8Array;
  readonly subject: CaName;
  readonly publicKey: PublicKey;
  /** Milliseconds are cut off. */
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CaProfile extends NamedProfile {
  /** The CA above; absent for a self-signed root. */
  readonly issuer?: Certificate;
  /** CA certificates that may stand below: 0 for an issuing CA. Absent is unlimited. */
  readonly pathLength?: number;
  /** `[codeSigning]` for a Fulcio intermediate, absent for a root. */
  readonly extendedKeyUsages?: readonly string[];
}

export interface TimestampSignerProfile extends NamedProfile {
  readonly issuer: Certificate;
}

/**
 * TBSCertificate of a root or an intermediate: key usage keyCertSign and cRLSign, extended key usages when there are any,
 * basic constraints, both key identifiers, in the order of the public instance. Sign with `signTbs`.
 *
 * @throws X509Error PROFILE
 */
export function encodeCaCertificate(profile: CaProfile): Uint8Array {
  const { issuer, publicKey, pathLength, extendedKeyUsages = [] } = profile;
  if (pathLength !== undefined && !(Number.isInteger(pathLength) && pathLength >= 0 && pathLength <= 255)) {
    throw new X509Error('PROFILE', `path length ${pathLength}, want 0 to 255`);
  }
  const keyIdentifier = keyIdentifierOf(publicKey.spki);
  const subject = encodeCaName(profile.subject);
  return encodeTbs({
    serialNumber: profile.serialNumber,
    signatureAlgorithm: caSignatureAlgorithm(issuer?.publicKey ?? publicKey),
    issuer: issuer?.subject ?? subject,
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    subject,
    spki: publicKey.spki,
    extensions: [
      keyUsageExtension(['keyCertSign', 'cRLSign']),
      ...(extendedKeyUsages.length > 0 ? [extendedKeyUsageExtension(extendedKeyUsages)] : []),
      basicConstraintsExtension(pathLength),
      subjectKeyIdentifierExtension(keyIdentifier),
      authorityKeyIdentifierExtension(issuer === undefined ? keyIdentifier : issuerKeyIdentifier(issuer)),
    ],
  });
}

/**
 * TBSCertificate of a timestamp signer (RFC 3161 section 2.3): the only extended key usage is timeStamping, and critical.
 *
 * @throws X509Error PROFILE
 */
export function encodeTimestampSignerCertificate(profile: TimestampSignerProfile): Uint8Array {
  const { issuer, publicKey } = profile;
  return encodeTbs({
    serialNumber: profile.serialNumber,
    signatureAlgorithm: caSignatureAlgorithm(issuer.publicKey),
    issuer: issuer.subject,
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    subject: encodeCaName(profile.subject),
    spki: publicKey.spki,
    extensions: [
      keyUsageExtension(['digitalSignature']),
      subjectKeyIdentifierExtension(keyIdentifierOf(publicKey.spki)),
      authorityKeyIdentifierExtension(issuerKeyIdentifier(issuer)),
      extendedKeyUsageExtension([oids.timeStamping], true),
    ],
  });
}

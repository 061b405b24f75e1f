import { derSequence } from '@sigstead/encoding';
import type { PublicKey } from '@sigstead/crypto';
import { keyIdentifierOf, type Certificate } from './certificate.ts';
import { X509Error } from './errors.ts';
import type { Extension } from './extension.ts';
import { encodeFulcioExtensions, type FulcioClaims } from './fulcio-extensions.ts';
import { encodeGeneralNames, type GeneralName } from './general-name.ts';
import { oids } from './oids.ts';
import { caSignatureAlgorithm } from './signature.ts';
import {
  authorityKeyIdentifierExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from './standard-extensions.ts';
import { encodeTbs } from './tbs.ts';

/** What one signing certificate says. */
export interface LeafProfile {
  /** Unsigned big-endian, positive, at most 20 octets with a clear top bit. */
  readonly serialNumber: Uint8Array;
  /** The issuing CA: its subject is copied byte for byte, its subject key identifier is required. */
  readonly issuer: Certificate;
  /** Whole seconds: milliseconds are cut off. At most the year 2049. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKey;
  readonly subjectAlternativeName: GeneralName;
  readonly claims: FulcioClaims;
}

const EMPTY_NAME = derSequence();
const KEY_USAGE = keyUsageExtension(['digitalSignature']);
const CODE_SIGNING = extendedKeyUsageExtension([oids.codeSigning]);
const LAST_UTC_YEAR = 2049;

/**
 * TBSCertificate of a signing certificate, in the extension order of Fulcio (certificate specification, section
 * "Issued Certificate"). Precertificate and final certificate of one profile differ in the last extension only.
 *
 * @param last `POISON_EXTENSION` or the result of `sctListExtension`
 * @throws X509Error PROFILE when a field cannot be certified or the issuer is not fit to issue, PUBLIC_KEY for its key
 */
export function encodeLeafTbs(profile: LeafProfile, last: Extension): Uint8Array {
  const { issuer, publicKey, notAfter } = profile;
  if (last.oid !== oids.precertificatePoison && last.oid !== oids.sctList) {
    throw new X509Error('PROFILE', `last extension is ${last.oid}, want the poison or the SCT list`);
  }
  // The profile knows UTCTime only.
  if (notAfter.getUTCFullYear() > LAST_UTC_YEAR) {
    throw new X509Error('PROFILE', `validity ends after the year ${LAST_UTC_YEAR}`);
  }
  return encodeTbs({
    serialNumber: profile.serialNumber,
    signatureAlgorithm: caSignatureAlgorithm(issuer.publicKey),
    issuer: issuer.subject,
    notBefore: profile.notBefore,
    notAfter,
    subject: EMPTY_NAME,
    spki: publicKey.spki,
    extensions: [
      KEY_USAGE,
      CODE_SIGNING,
      subjectKeyIdentifierExtension(keyIdentifierOf(publicKey.spki)),
      authorityKeyIdentifierExtension(issuerKeyIdentifier(issuer)),
      // Critical because the subject is empty (RFC 5280 section 4.1.2.6).
      {
        oid: oids.subjectAlternativeName,
        critical: true,
        value: encodeGeneralNames([profile.subjectAlternativeName]),
      },
      ...encodeFulcioExtensions(profile.claims),
      last,
    ],
  });
}

/** @throws X509Error PROFILE when the issuer is no CA or has no subject key identifier for others to point at */
export function issuerKeyIdentifier(issuer: Certificate): Uint8Array {
  if (!issuer.isCa) throw new X509Error('PROFILE', 'issuer is not a CA', { certificate: issuer.describe() });
  if (issuer.subjectKeyIdentifier === undefined) {
    throw new X509Error('PROFILE', 'issuer has no subject key identifier', {
      certificate: issuer.describe(),
    });
  }
  return issuer.subjectKeyIdentifier;
}

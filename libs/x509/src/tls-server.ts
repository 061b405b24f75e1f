import { issuerKeyIdentifier } from './leaf.ts';
import type { NamedProfile } from './ca.ts';
import { keyIdentifierOf, type Certificate } from './certificate.ts';
import { X509Error } from './errors.ts';
import { encodeGeneralNames, type GeneralName } from './general-name.ts';
import { encodeCaName } from './name.ts';
import { oids } from './oids.ts';
import { caSignatureAlgorithm } from './signature.ts';
import {
  authorityKeyIdentifierExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from './standard-extensions.ts';
import { encodeTbs } from './tbs.ts';

export interface TlsServerProfile extends NamedProfile {
  readonly issuer: Certificate;
  /** Host names and addresses it is good for, one at least; the common name counts for nothing (RFC 9525 section 2). */
  readonly names: readonly GeneralName[];
}

/**
 * TBSCertificate of a TLS server: digitalSignature, serverAuth, the names. For keys that sign, which is all that TLS 1.3 has a
 * use for.
 *
 * @throws X509Error PROFILE
 */
export function encodeTlsServerCertificate(profile: TlsServerProfile): Uint8Array {
  const { issuer, publicKey, names } = profile;
  const other = names.find(({ type }) => type !== 'dns' && type !== 'ip');
  if (names.length === 0 || other !== undefined) {
    throw new X509Error('PROFILE', `TLS server with ${other?.type ?? 'no'} name, want dns and ip names`);
  }
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
      extendedKeyUsageExtension([oids.serverAuth]),
      subjectKeyIdentifierExtension(keyIdentifierOf(publicKey.spki)),
      authorityKeyIdentifierExtension(issuerKeyIdentifier(issuer)),
      { oid: oids.subjectAlternativeName, critical: false, value: encodeGeneralNames(names) },
    ],
  });
}

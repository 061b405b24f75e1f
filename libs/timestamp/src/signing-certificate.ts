import { digest, type HashAlgorithm } from '@sigstead/crypto';
import { derExplicit, derInteger, derOctetString, derSequence } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { digestAlgorithmWithNull } from './digest-algorithm.ts';

const DIRECTORY_NAME = 4;

/**
 * SigningCertificateV2 with the signer's certificate (RFC 5035 section 3, RFC 5816 section 2.2.1): binds the signature
 * to one certificate. SHA-256 is the default and left out.
 *
 * ```asn1
 * SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies SEQUENCE OF PolicyInformation OPTIONAL }
 * ESSCertIDv2 ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier DEFAULT sha256, certHash OCTET STRING, issuerSerial IssuerSerial }
 * IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }
 * ```
 *
 * @param hash of the certificate; Sigstore's authority takes that of the request
 */
export function encodeSigningCertificate(certificate: Certificate, hash: HashAlgorithm): Uint8Array {
  const issuer = derSequence(derExplicit(DIRECTORY_NAME, certificate.issuer));
  const essCertId = derSequence(
    ...(hash === 'sha256' ? [] : [digestAlgorithmWithNull(hash)]),
    derOctetString(digest(hash, certificate.raw)),
    derSequence(issuer, derInteger(certificate.serialNumber)),
  );
  return derSequence(derSequence(essCertId));
}

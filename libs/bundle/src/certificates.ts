import { EncodingError, equalBytes } from '@sigstead/encoding';
import { Certificate, X509Error } from '@sigstead/x509';
import { BundleError } from './errors.ts';

/**
 * Each must be a certificate and none a root: roots come from the trusted root only, and a bundle that brings its own
 * invites a verifier to believe it.
 *
 * @param pathOf path of the certificate at an index, for the error
 * @throws BundleError CERTIFICATE or ROOT_CERTIFICATE
 */
export function assertCertificates(
  certificates: readonly Uint8Array[],
  pathOf: (index: number) => string,
): void {
  certificates.forEach((der, index) => {
    const certificate = parseCertificate(der, pathOf(index));
    if (certificate.isCa && equalBytes(certificate.issuer, certificate.subject)) {
      throw new BundleError('ROOT_CERTIFICATE', pathOf(index), 'a bundle must not hold a root certificate');
    }
  });
}

function parseCertificate(
  der: Uint8Array,
  path: string,
): { isCa: boolean; issuer: Uint8Array; subject: Uint8Array } {
  try {
    const { isCa, issuer, subject } = Certificate.parse(der);
    return { isCa, issuer, subject };
  } catch (cause) {
    if (!(cause instanceof X509Error || cause instanceof EncodingError)) throw cause;
    throw new BundleError('CERTIFICATE', path, cause.message, { cause });
  }
}

import { oids, Certificate } from '@sigstead/x509';
import { checked, VerificationError } from '../errors.ts';

/**
 * Reads the signing certificate, its key through the key gate included.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED
 */
export function readSigningCertificate(der: Uint8Array): Certificate {
  return checked('CERTIFICATE_MALFORMED', 'signing certificate', () => {
    const certificate = Certificate.parse(der);
    // Asked for here, so that a key the gate refuses is the certificate's fault and not a failed signature.
    void certificate.publicKey;
    return certificate;
  });
}

/**
 * An end entity that may sign code, and nothing that could issue certificates itself.
 *
 * @throws VerificationError CERTIFICATE_USAGE, EXTENDED_KEY_USAGE
 */
export function assertCodeSigning(certificate: Certificate): void {
  if (certificate.isCa)
    throw new VerificationError('CERTIFICATE_USAGE', 'the signing certificate is a CA certificate');
  if (certificate.keyUsage?.includes('digitalSignature') === false) {
    throw new VerificationError('CERTIFICATE_USAGE', 'the certificate is not for digital signatures');
  }
  const usages = certificate.extendedKeyUsages;
  if (usages.includes(oids.codeSigning)) return;
  throw new VerificationError(
    'EXTENDED_KEY_USAGE',
    `the certificate is not for code signing, but for ${usages.length === 0 ? 'nothing it names' : usages.join(', ')}`,
  );
}

/**
 * The signing certificate was valid at that time, both ends inclusive.
 *
 * @throws VerificationError CERTIFICATE_NOT_VALID
 */
export function assertCertificateValidAt(certificate: Certificate, at: Date): void {
  const { notBefore, notAfter } = certificate;
  if (at >= notBefore && at <= notAfter) return;
  throw new VerificationError(
    'CERTIFICATE_NOT_VALID',
    `signed at ${at.toISOString()}, but the certificate is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()} only`,
  );
}

import type { Certificate } from '@sigstead/x509';
import { VerificationError } from '../errors.ts';

/**
 * The log took the entry while the certificate was valid, both ends inclusive.
 *
 * @param at integrated time of a verified signed entry timestamp
 * @throws VerificationError INTEGRATED_TIME
 */
export function assertWithinCertificate(certificate: Certificate, at: Date): void {
  if (at >= certificate.notBefore && at <= certificate.notAfter) return;
  throw new VerificationError(
    'INTEGRATED_TIME',
    `integrated time ${at.toISOString()} is outside the certificate's ${certificate.notBefore.toISOString()} to ` +
      certificate.notAfter.toISOString(),
  );
}

/**
 * A log cannot have taken an entry tomorrow.
 *
 * @param skewMs how far the log's clock may be ahead of ours
 * @throws VerificationError INTEGRATED_TIME
 */
export function assertNotInFuture(at: Date, now: Date, skewMs: number): void {
  if (at.getTime() <= now.getTime() + skewMs) return;
  throw new VerificationError(
    'INTEGRATED_TIME',
    `integrated time ${at.toISOString()} lies in the future, it is ${now.toISOString()}`,
  );
}

import { encodeHex } from '@sigstead/encoding';
import { countOperators, isWithin, type TransparencyLogInstance, type TrustedRoot } from '@sigstead/trust';
import {
  embeddedScts,
  verifyEmbeddedSct,
  X509Error,
  type Certificate,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { checked, VerificationError } from '../errors.ts';
import { count } from '../text.ts';
import { pickLog } from './log.ts';

/** End of the year 9999. */
const LAST_MS = 253_402_300_799_999n;

/** A promise of a certificate transparency log that was checked. */
export interface VerifiedSct {
  readonly log: TransparencyLogInstance;
  readonly timestamp: Date;
}

/**
 * Embedded SCTs are by certificate transparency logs of the trusted root, at times at which these logs were trusted (RFC 6962 section
 * 3.2). SCTs of unknown logs do not count and do no harm.
 *
 * @param issuer the certificate that signed `certificate`
 * @param threshold logs of how many operators are wanted; with 0 nothing is asked of the certificate
 * @throws VerificationError SCT_MISSING, SCT_MALFORMED, SCT_INVALID with the reason for each one
 */
export function verifyScts(
  certificate: Certificate,
  issuer: Certificate,
  trustedRoot: TrustedRoot,
  threshold: number,
): VerifiedSct[] {
  if (threshold === 0) return [];
  const scts = readScts(certificate);
  const verified: VerifiedSct[] = [];
  const reasons: string[] = [];
  for (const sct of scts) {
    const outcome = judge(sct, certificate, issuer, trustedRoot);
    if (typeof outcome === 'string') reasons.push(outcome);
    else verified.push(outcome);
  }
  const operators = countOperators(verified.map(({ log }) => log));
  if (operators >= threshold) return verified;
  throw new VerificationError(
    'SCT_INVALID',
    operators === 0
      ? `no SCT of ${scts.length} holds: ${reasons.join('; ')}`
      : `SCTs by certificate transparency logs of ${count(operators, 'operator')} hold, want ${threshold}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`,
  );
}

function readScts(certificate: Certificate): readonly SignedCertificateTimestamp[] {
  const scts = checked('SCT_MALFORMED', 'SCT list of the certificate', () => embeddedScts(certificate));
  if (scts.length > 0) return scts;
  throw new VerificationError('SCT_MISSING', 'the certificate has no SCT, so nobody promised to publish it');
}

/** The verified SCT, or why it does not hold. */
function judge(
  sct: SignedCertificateTimestamp,
  certificate: Certificate,
  issuer: Certificate,
  trustedRoot: TrustedRoot,
): VerifiedSct | string {
  if (sct.timestampMs > LAST_MS) return `its timestamp ${sct.timestampMs} is no usable time`;
  const timestamp = new Date(Number(sct.timestampMs));
  const log = pickLog(trustedRoot.ctlogs, sct.logId, timestamp);
  if (log === undefined)
    return `the trusted root knows no certificate transparency log ${encodeHex(sct.logId)}`;
  if (!isWithin(log.validFor, timestamp))
    return `${log.baseUrl} was not trusted at ${timestamp.toISOString()}`;
  try {
    verifyEmbeddedSct(certificate, issuer, sct, log.key);
    return { log, timestamp };
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return `${log.baseUrl}: ${error.message}`;
  }
}

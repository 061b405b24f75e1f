import { encodeHex } from '@sigstead/encoding';
import type { RevokedCertificate } from '@sigstead/x509';
import type { RecordedRevocation } from './revocation-register.ts';

/**
 * The revoked certificates of one CA, each once, as a CRL has them: first revocation date, earliest invalidity date, latest reason.
 * Revocations of keys, identities and authorities have no place on a CRL.
 *
 * @param revocations in the order they were made
 */
export function revokedCertificates(
  revocations: readonly RecordedRevocation[],
  authorityKeyId: Uint8Array,
): RevokedCertificate[] {
  const bySerial = new Map<string, RevokedCertificate>();
  const authority = encodeHex(authorityKeyId);
  for (const { target, from, reason, revokedAt } of revocations) {
    if (target.kind !== 'serial' || encodeHex(target.authorityKeyId) !== authority) continue;
    const serial = encodeHex(target.serialNumber);
    const known = bySerial.get(serial);
    const revocationDate = known?.revocationDate ?? revokedAt;
    const earliest = new Date(Math.min(from.getTime(), (known?.invalidityDate ?? revocationDate).getTime()));
    bySerial.set(serial, {
      serialNumber: target.serialNumber,
      revocationDate,
      reason,
      invalidityDate: earliest < revocationDate ? earliest : undefined,
    });
  }
  return [...bySerial.values()];
}

import { Controller, Get, Inject, Param } from '@nestjs/common';
import { encodeHex } from '@sigstead/encoding';
import { formatDate, targetToJson } from '@sigstead/revocation';
import { RevocationRegister, type RecordedRevocation } from '../revocation/revocation-register.ts';
import { IssuanceRecord, type CertificateEntry } from './issuance-record.ts';
import { RecordError } from './record-error.ts';
import { parseSerialNumber } from './serial-number.ts';

/** What was issued. */
@Controller('ca/certificates')
export class CertificatesController {
  constructor(
    @Inject(IssuanceRecord) private readonly record: IssuanceRecord,
    @Inject(RevocationRegister) private readonly register: RevocationRegister,
  ) {}

  @Get(':serial')
  async certificate(@Param('serial') serial: string): Promise<object> {
    const serialNumber = parseSerialNumber(serial);
    const entry = await this.record.find(serialNumber);
    if (entry === undefined) {
      throw new RecordError(
        'NOT_FOUND',
        `no certificate with the serial number ${encodeHex(serialNumber)} is recorded`,
      );
    }
    return describe(entry, await this.register.concerning(entry));
  }
}

function describe(entry: CertificateEntry, revocations: readonly RecordedRevocation[]): object {
  const { certificate, authorityKeyId, identity, issuer, subject, keyType, log } = entry;
  return {
    serialNumber: encodeHex(certificate.serialNumber),
    identity: { type: identity.type, value: identity.value },
    issuer,
    ...(subject === undefined ? {} : { subject }),
    authorityKeyId: encodeHex(authorityKeyId),
    keyHash: encodeHex(certificate.spkiHash),
    keyType,
    notBefore: formatDate(certificate.notBefore),
    notAfter: formatDate(certificate.notAfter),
    signedCertificateTimestamp: {
      logId: encodeHex(log.id),
      timestamp: new Date(Number(log.timestampMs)).toISOString(),
    },
    certificate: certificate.toPem(),
    revoked: revocations.length > 0,
    revocations: revocations.map(({ target, from, reason, revokedAt }) => ({
      ...targetToJson(target),
      from: formatDate(from),
      reason,
      revokedAt: formatDate(revokedAt),
    })),
  };
}

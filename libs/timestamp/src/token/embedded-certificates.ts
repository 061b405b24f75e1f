import { DerReader, equalBytes, tags, type DerElement } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { malformedTimestamp, TimestampError } from '../errors.ts';
import { identifies, readName, type IssuerAndSerialNumber } from './issuer-and-serial-number.ts';

/** A certificate that came along with a timestamp. Nobody signed that it should, and no trust comes from it. */
export interface EmbeddedCertificate extends IssuerAndSerialNumber {
  readonly raw: Uint8Array;
}

const MAX_CERTIFICATES = 16;

/**
 * The certificates in the SignedData, none or more, read as far as their names.
 *
 * @param content of `certificates [0] IMPLICIT CertificateSet`
 * @throws TimestampError MALFORMED
 * @throws EncodingError which the caller names
 */
export function readEmbeddedCertificates(content: DerReader): EmbeddedCertificate[] {
  const certificates: EmbeddedCertificate[] = [];
  while (!content.done) {
    if (certificates.length === MAX_CERTIFICATES) {
      throw malformedTimestamp(`more than ${MAX_CERTIFICATES} embedded certificates`);
    }
    certificates.push(readEmbeddedCertificate(content.element()));
  }
  return certificates;
}

function readEmbeddedCertificate({ tag, content, raw }: DerElement): EmbeddedCertificate {
  // The other choices (attribute certificates and the like) come with other versions of SignedData.
  if (tag !== tags.sequence) throw malformedTimestamp('embedded certificate is not a SEQUENCE');
  const tbs = new DerReader(content).sequence();
  tbs.explicit(0);
  const serialNumber = tbs.integerBytes();
  tbs.sequence();
  return { issuer: readName(tbs), serialNumber, raw };
}

/**
 * Verifies that the certificates, if there are any, have the signer's among them and no other by its name. Others may be
 * there; they play no part.
 *
 * @throws TimestampError EMBEDDED_CERTIFICATE
 */
export function verifyEmbeddedCertificates(
  certificates: readonly EmbeddedCertificate[],
  signer: Certificate,
): void {
  if (certificates.length === 0) return;
  const named = certificates.filter((certificate) => identifies(certificate, signer));
  if (named.length === 0) {
    throw new TimestampError(
      'EMBEDDED_CERTIFICATE',
      `timestamp: ${certificates.length} embedded certificates, none of which is ${signer.describe()}`,
    );
  }
  if (!named.every(({ raw }) => equalBytes(raw, signer.raw))) {
    throw new TimestampError(
      'EMBEDDED_CERTIFICATE',
      `timestamp: embedded certificate has issuer and serial number of ${signer.describe()}, but is another`,
    );
  }
}

import { equalBytes, encodeHex } from '@sigstead/encoding';
import { verifyMessage, type PublicKey } from '@sigstead/crypto';
import type { Certificate } from './certificate.ts';
import { X509Error } from './errors.ts';
import type { Extension } from './extension.ts';
import { oids } from './oids.ts';
import {
  certificateSctSignatureInput,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  SCT_SIGNATURE_RSA,
  sctSignatureInput,
  type SignedCertificateTimestamp,
} from './sct.ts';

/** Makes a certificate unusable for anything but a log (RFC 6962 section 3.1): critical, value NULL. */
export const POISON_EXTENSION: Extension = Object.freeze({
  oid: oids.precertificatePoison,
  critical: true,
  value: Uint8Array.of(0x05, 0x00),
});

/** Whether the certificate carries the poison, well-formed or not. */
export function isPrecertificate(certificate: Certificate): boolean {
  return certificate.extension(oids.precertificatePoison) !== undefined;
}

/**
 * The TBSCertificate a log signs: without the poison of a precertificate or the SCT list of a final certificate, all
 * else byte for byte (RFC 6962 section 3.2). Both kinds of one issuance give the same bytes.
 *
 * @param kind which of the two the certificate must be; either when absent
 * @throws X509Error PRECERTIFICATE when it is of the other kind, of both, of neither, or the poison is not critical with NULL
 */
export function precertificateTbs(
  certificate: Certificate,
  kind?: 'precertificate' | 'certificate',
): Uint8Array {
  const poison = certificate.extension(oids.precertificatePoison);
  const list = certificate.extension(oids.sctList);
  const refuse = (reason: string): never => {
    throw new X509Error('PRECERTIFICATE', reason, { certificate: certificate.describe() });
  };
  if (poison !== undefined && list !== undefined) refuse('has both the poison and an SCT list');
  if (poison === undefined && (list === undefined || kind === 'precertificate')) refuse('has no poison');
  if (list === undefined && (poison === undefined || kind === 'certificate')) refuse('has no SCT list');
  if (poison !== undefined && (!poison.critical || !equalBytes(poison.value, POISON_EXTENSION.value))) {
    refuse('has a poison that is not critical with the value NULL');
  }
  return certificate.tbsWithout(poison === undefined ? oids.sctList : oids.precertificatePoison);
}

/**
 * Verifies one SCT of a final certificate against the log's key.
 *
 * @param issuer the issuing CA, whose key hash the log signed
 * @throws X509Error SCT_LOG_ID another log's SCT, SCT_ALGORITHM, SCT_SIGNATURE, PRECERTIFICATE without an SCT list
 */
export function verifyEmbeddedSct(
  certificate: Certificate,
  issuer: Certificate,
  sct: SignedCertificateTimestamp,
  logKey: PublicKey,
): void {
  const { timestampMs, extensions } = sct;
  const tbs = precertificateTbs(certificate, 'certificate');
  verifySct(sct, logKey, sctSignatureInput({ timestampMs, issuerKeyHash: issuer.spkiHash, tbs, extensions }));
}

/**
 * Verifies the SCT a log gave for a precertificate, before it is embedded.
 *
 * @throws X509Error as {@link verifyEmbeddedSct}, PRECERTIFICATE without a poison
 */
export function verifyPrecertificateSct(
  precertificate: Certificate,
  issuer: Certificate,
  sct: SignedCertificateTimestamp,
  logKey: PublicKey,
): void {
  const { timestampMs, extensions } = sct;
  const tbs = precertificateTbs(precertificate, 'precertificate');
  verifySct(sct, logKey, sctSignatureInput({ timestampMs, issuerKeyHash: issuer.spkiHash, tbs, extensions }));
}

/**
 * Verifies an SCT over a whole final certificate, delivered beside it.
 *
 * @throws X509Error SCT_LOG_ID, SCT_ALGORITHM, SCT_SIGNATURE
 */
export function verifyDetachedSct(
  certificate: Certificate,
  sct: SignedCertificateTimestamp,
  logKey: PublicKey,
): void {
  const { timestampMs, extensions } = sct;
  verifySct(
    sct,
    logKey,
    certificateSctSignatureInput({ timestampMs, certificate: certificate.raw, extensions }),
  );
}

function verifySct(sct: SignedCertificateTimestamp, logKey: PublicKey, input: Uint8Array): void {
  if (!equalBytes(sct.logId, logKey.keyId)) {
    throw new X509Error('SCT_LOG_ID', `SCT of log ${encodeHex(sct.logId)}, want ${encodeHex(logKey.keyId)}`);
  }
  assertSctAlgorithm(sct, logKey);
  if (!verifyMessage(logKey, 'sha256', input, sct.signature)) {
    throw new X509Error('SCT_SIGNATURE', `SCT signature does not verify with the log's ${logKey.type} key`);
  }
}

/** RFC 6962 section 2.1.4: ECDSA or RSA, with SHA-256. */
function assertSctAlgorithm(sct: SignedCertificateTimestamp, logKey: PublicKey): void {
  const want = logKey.type === 'RSA' ? SCT_SIGNATURE_RSA : SCT_SIGNATURE_ECDSA;
  if (logKey.type === 'Ed25519')
    throw new X509Error('SCT_ALGORITHM', 'SCTs are not signed with Ed25519 keys');
  if (sct.hashAlgorithm !== SCT_HASH_SHA256 || sct.signatureAlgorithm !== want) {
    throw new X509Error(
      'SCT_ALGORITHM',
      `SCT with hash ${sct.hashAlgorithm} and signature algorithm ${sct.signatureAlgorithm}, want ${SCT_HASH_SHA256} and ${want}`,
    );
  }
}

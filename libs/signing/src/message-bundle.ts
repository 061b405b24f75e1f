import { BUNDLE_MEDIA_TYPE, type Bundle, type TransparencyLogEntry } from '@sigstead/bundle';
import { sha256 } from '@sigstead/crypto';
import type { Certificate } from '@sigstead/x509';

/** Bundle v0.3 of a signature over `message`: leaf certificate only, one log entry. */
export function messageBundle(
  message: Uint8Array,
  signature: Uint8Array,
  certificate: Certificate,
  entry: TransparencyLogEntry,
): Bundle {
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    version: '0.3',
    verificationMaterial: {
      key: { kind: 'certificate', certificates: [certificate.raw] },
      tlogEntries: [entry],
      rfc3161Timestamps: [],
    },
    content: { kind: 'messageSignature', digestAlgorithm: 'sha256', digest: sha256(message), signature },
  };
}

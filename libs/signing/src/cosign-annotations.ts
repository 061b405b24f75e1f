import type { TransparencyLogEntry } from '@sigstead/bundle';
import { encodeBase64, encodeHex } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';

/**
 * Annotations of a `.sig` layer, in cosign's names and forms: base64 signature, PEM certificate and chain, and the log's
 * promise as JSON in cosign's field order.
 *
 * @param chain issuing CA first, root last
 */
export function cosignAnnotations(
  signature: Uint8Array,
  certificate: Certificate,
  chain: readonly Certificate[],
  entry: TransparencyLogEntry,
): Record<string, string> {
  return {
    'dev.cosignproject.cosign/signature': encodeBase64(signature),
    'dev.sigstore.cosign/bundle': JSON.stringify({
      SignedEntryTimestamp: encodeBase64(entry.inclusionPromise ?? new Uint8Array(0)),
      Payload: {
        body: encodeBase64(entry.canonicalizedBody),
        integratedTime: Number(entry.integratedTimeSeconds),
        logIndex: Number(entry.logIndex),
        logID: encodeHex(entry.logId),
      },
    }),
    'dev.sigstore.cosign/certificate': certificate.toPem(),
    'dev.sigstore.cosign/chain': chain.map((issuer) => issuer.toPem()).join(''),
  };
}

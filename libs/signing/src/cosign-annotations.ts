import { encodeBase64, encodeHex } from '@sigstead/encoding';
import type { Signature } from './make-signature.ts';

/**
 * Annotations of a `.sig` layer, in cosign's names and forms: base64 signature, PEM certificate and chain, the log's promise as
 * JSON in cosign's field order, and the first timestamp. A signature by a managed key has no certificate.
 */
export function cosignAnnotations(signature: Signature): Record<string, string> {
  const [timestamp] = signature.timestamps;
  return {
    'dev.cosignproject.cosign/signature': encodeBase64(signature.signature),
    ...proofAnnotations(signature),
    ...(timestamp && {
      'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify({
        SignedRFC3161Timestamp: encodeBase64(timestamp),
      }),
    }),
  };
}

/**
 * What an `.att` layer has, whose signature is in its envelope. The timestamp is left out: readers of this form expect it to be over the
 * envelope, and have the log's time.
 */
export function proofAnnotations({ key, logged: [{ entry }] }: Signature): Record<string, string> {
  return {
    'dev.sigstore.cosign/bundle': JSON.stringify({
      SignedEntryTimestamp: encodeBase64(entry.inclusionPromise ?? new Uint8Array(0)),
      Payload: {
        body: encodeBase64(entry.canonicalizedBody),
        integratedTime: Number(entry.integratedTimeSeconds),
        logIndex: Number(entry.logIndex),
        logID: encodeHex(entry.logId),
      },
    }),
    ...(key.kind === 'certificate' && {
      'dev.sigstore.cosign/certificate': key.certificate.toPem(),
      'dev.sigstore.cosign/chain': key.chain.map((issuer) => issuer.toPem()).join(''),
    }),
  };
}

import type { PublicKey } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';

/** What a Rekor log is to keep: a P-256 signature over the SHA-256 of an artifact. */
export interface ArtifactSignature {
  readonly digest: Uint8Array;
  /** DER */
  readonly signature: Uint8Array;
  readonly publicKey: PublicKey;
}

/** JSON of a hashedrekord 0.0.1 for Rekor v1. */
export function proposedEntry({ digest, signature, publicKey }: ArtifactSignature): string {
  return JSON.stringify({
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: encodeHex(digest) } },
      signature: {
        content: encodeBase64(signature),
        publicKey: { content: encodeBase64(encodeUtf8(publicKey.toPem())) },
      },
    },
  });
}

/** JSON of a request to Rekor v2 (`rekor-tiles`: CreateEntryRequest). */
export function createEntryRequest({ digest, signature, publicKey }: ArtifactSignature): string {
  return JSON.stringify({
    hashedRekordRequestV002: {
      digest: encodeBase64(digest),
      signature: {
        content: encodeBase64(signature),
        verifier: {
          publicKey: { rawBytes: encodeBase64(publicKey.spki) },
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        },
      },
    },
  });
}

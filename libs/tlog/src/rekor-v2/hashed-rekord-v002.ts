import { type HashAlgorithm, type KeyDetails } from '@sigstead/crypto';
import { canonicalizeJson, encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { certificateIndexKeys, normalizeIndexKeys, verifierDigest } from '../index-keys.ts';
import { type X509Verifier } from '../x509-verifier.ts';
import { type RequestVerifier } from './create-entry-request.ts';

/** Kind and version of every entry of a Rekor v2 log. */
export const REKOR_V2_ENTRY = { kind: 'hashedrekord', version: '0.0.2' } as const;

/** Of sigstore_common.proto, HashAlgorithm. */
const HASH_NAMES: Readonly<Record<HashAlgorithm, string>> = {
  sha256: 'SHA2_256',
  sha384: 'SHA2_384',
  sha512: 'SHA2_512',
};

/** hashedrekord 0.0.2: a signature over a digest, with the key or certificate that verifies it. */
export interface HashedRekordV002 {
  readonly algorithm: Pick<KeyDetails, 'name' | 'hash'>;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: Pick<RequestVerifier, 'form' | 'rawBytes'>;
}

/**
 * The leaf: RFC 8785 of the proto3 JSON of `dev.sigstore.rekor.v2.Entry`, unset fields left out. Verifiers rebuild it from a bundle,
 * so key and signature stand in it byte for byte as they were sent.
 */
export function canonicalHashedRekordV002(entry: HashedRekordV002): Uint8Array {
  const { algorithm, digest, signature, verifier } = entry;
  return encodeUtf8(
    canonicalizeJson({
      apiVersion: REKOR_V2_ENTRY.version,
      kind: REKOR_V2_ENTRY.kind,
      spec: {
        hashedRekordV002: {
          data: { algorithm: HASH_NAMES[algorithm.hash], digest: encodeBase64(digest) },
          signature: {
            content: encodeBase64(signature),
            verifier: {
              keyDetails: algorithm.name,
              [verifier.form]: { rawBytes: encodeBase64(verifier.rawBytes) },
            },
          },
        },
      },
    }),
  );
}

/** What hashedrekord of Rekor v1 can be found by: key or certificate, its names, the digest. Stock Rekor v2 has no search. */
export function hashedRekordV002IndexKeys(
  { algorithm, digest }: Pick<HashedRekordV002, 'algorithm' | 'digest'>,
  verifier: X509Verifier,
): string[] {
  return normalizeIndexKeys([
    verifierDigest(verifier),
    ...certificateIndexKeys(verifier),
    `${algorithm.hash}:${encodeHex(digest)}`,
  ]);
}

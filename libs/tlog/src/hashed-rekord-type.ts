import { decodeHex } from '@sigstead/encoding';
import { isDigestSigned } from './digest-signature.ts';
import {
  assertAlgorithmAllowed,
  assertVerifiersAllowed,
  DEFAULT_ENTRY_POLICY,
  type EntryPolicy,
} from './entry-policy.ts';
import { type EntryType } from './entry-type.ts';
import { TlogError } from './errors.ts';
import {
  canonicalHashedRekord,
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  type HashedRekord,
  parseHashedRekord,
} from './hashed-rekord.ts';
import { certificateIndexKeys, normalizeIndexKeys, verifierDigest } from './index-keys.ts';

/**
 * Verifies the signature over the digest, then asks the policy: ECDSA as DER or as r ‖ s, RSA as PKCS#1 v1.5, Ed25519
 * only prehashed with SHA-512.
 *
 * @throws TlogError SIGNATURE, then EntryPolicyError
 */
export function verifyHashedRekord(entry: HashedRekord, policy: EntryPolicy = DEFAULT_ENTRY_POLICY): void {
  verifySignature(entry);
  assertAlgorithmAllowed(entry.verifier.publicKey, entry.hash.algorithm, policy);
  assertVerifiersAllowed([entry.verifier], policy);
}

/**
 * What Rekor v1 finds the entry by: SHA-256 of the canonical PEM in bare hex, every name of the leaf certificate, and
 * the artifact's digest as `<algorithm>:<hex>`. The token issuer in the certificate is ours.
 */
export function hashedRekordIndexKeys(entry: HashedRekord): string[] {
  const { verifier, hash } = entry;
  return normalizeIndexKeys([
    verifierDigest(verifier),
    ...certificateIndexKeys(verifier),
    `${hash.algorithm}:${hash.value}`,
  ]);
}

export const hashedRekordType: EntryType = {
  kind: HASHED_REKORD_KIND,
  apiVersion: HASHED_REKORD_VERSION,
  parse(spec) {
    const entry = parseHashedRekord(spec);
    return {
      kind: HASHED_REKORD_KIND,
      apiVersion: HASHED_REKORD_VERSION,
      attestation: undefined,
      verify: (policy) => (policy === undefined ? verifySignature(entry) : verifyHashedRekord(entry, policy)),
      // Its stored form is all there is.
      assertInsertable: () => undefined,
      canonicalBody: () => canonicalHashedRekord(entry),
      indexKeys: () => hashedRekordIndexKeys(entry),
    };
  },
};

function verifySignature({ verifier, hash, signature }: HashedRekord): void {
  const { publicKey } = verifier;
  if (isDigestSigned(publicKey, hash.algorithm, decodeHex(hash.value), signature)) return;
  throw new TlogError(
    'SIGNATURE',
    'verifying signature: the signature does not match the digest and the key',
    {
      field: 'signature.content',
    },
  );
}

import { sha256, verifyDigest } from '@sigstead/crypto';
import { decodeHex, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { assertAlgorithmAllowed, DEFAULT_ENTRY_POLICY, type EntryPolicy } from './entry-policy.ts';
import { type EntryType } from './entry-type.ts';
import { ecdsaSignatureFromRaw } from './ecdsa-raw.ts';
import { TlogError } from './errors.ts';
import {
  canonicalHashedRekord,
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  type HashedRekord,
  parseHashedRekord,
} from './hashed-rekord.ts';
import { normalizeIndexKeys } from './index-keys.ts';
import { type X509Verifier } from './x509-verifier.ts';

/**
 * Verifies the signature over the digest, then asks the policy: ECDSA as DER or as r ‖ s, RSA as PKCS#1 v1.5, Ed25519
 * only prehashed with SHA-512.
 *
 * @throws TlogError SIGNATURE, then EntryPolicyError
 */
export function verifyHashedRekord(entry: HashedRekord, policy: EntryPolicy = DEFAULT_ENTRY_POLICY): void {
  verifySignature(entry);
  assertAlgorithmAllowed(entry.verifier.publicKey, entry.hash.algorithm, policy);
}

/**
 * What Rekor v1 finds the entry by: SHA-256 of the canonical PEM in bare hex, every name of the leaf certificate, and
 * the artifact's digest as `<algorithm>:<hex>`.
 */
export function hashedRekordIndexKeys(entry: HashedRekord): string[] {
  const { verifier, hash } = entry;
  return normalizeIndexKeys([
    encodeHex(sha256(encodeUtf8(verifier.canonicalPem))),
    ...subjectsOf(verifier),
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
      verify: (policy) => verifyHashedRekord(entry, policy),
      canonicalBody: () => canonicalHashedRekord(entry),
      indexKeys: () => hashedRekordIndexKeys(entry),
    };
  },
};

/** Names of forms nothing here reads are not searchable. */
function subjectsOf({ certificate }: X509Verifier): string[] {
  const names = certificate?.subjectAlternativeNames ?? [];
  return names.filter((name) => name.type !== 'unsupported').map((name) => name.value);
}

function verifySignature({ verifier, hash, signature }: HashedRekord): void {
  const { publicKey } = verifier;
  const digest = decodeHex(hash.value);
  if (verifyDigest(publicKey, hash.algorithm, digest, signature)) return;
  const der = ecdsaSignatureFromRaw(publicKey.type, signature);
  if (der !== undefined && verifyDigest(publicKey, hash.algorithm, digest, der)) return;
  throw new TlogError(
    'SIGNATURE',
    'verifying signature: the signature does not match the digest and the key',
    {
      field: 'signature.content',
    },
  );
}

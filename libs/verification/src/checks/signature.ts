import { sha256, verifyDigest, verifyMessage, type PublicKey } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { VerificationError } from '../errors.ts';
import {
  formatArtifactDigest,
  type ArtifactDigest,
  type SignedContent,
} from '../evidence/signature-evidence.ts';

/**
 * The signature over a simple signing document, with SHA-256 whatever the key, as cosign makes it.
 *
 * @returns digest of what was signed
 * @throws VerificationError SIGNATURE_INVALID
 */
export function verifyPayloadSignature(
  key: PublicKey,
  payload: Uint8Array,
  signature: Uint8Array,
): ArtifactDigest {
  if (!verifyMessage(key, 'sha256', payload, signature)) throw invalid(key);
  return { algorithm: 'sha256', digest: sha256(payload) };
}

/**
 * The signature over an artifact, of which only the digest is at hand.
 *
 * @throws VerificationError SIGNATURE_INVALID
 */
export function verifyDigestSignature(
  key: PublicKey,
  artifact: ArtifactDigest,
  signature: Uint8Array,
): ArtifactDigest {
  if (!verifyDigest(key, artifact.algorithm, artifact.digest, signature)) throw invalid(key);
  return artifact;
}

/**
 * The digest a bundle claims to sign is that of the artifact.
 *
 * @throws VerificationError ARTIFACT_DIGEST
 */
export function assertArtifactDigest(
  content: Extract<SignedContent, { kind: 'message-digest' }>,
  artifact: ArtifactDigest,
): void {
  const { claimed } = content;
  if (claimed.algorithm === artifact.algorithm && equalBytes(claimed.digest, artifact.digest)) return;
  throw new VerificationError(
    'ARTIFACT_DIGEST',
    `the bundle is about ${formatArtifactDigest(claimed)}, the artifact is ${formatArtifactDigest(artifact)}`,
  );
}

function invalid(key: PublicKey): VerificationError {
  return new VerificationError(
    'SIGNATURE_INVALID',
    `the signature does not verify with the certificate's ${key.type} key`,
  );
}

import {
  defaultHash,
  digest,
  verifyDigest,
  verifyMessage,
  type HashAlgorithm,
  type PublicKey,
} from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { preAuthEncoding } from '@sigstead/tlog';
import { VerificationError } from '../errors.ts';
import {
  digestsOf,
  formatArtifactDigest,
  type Artifact,
  type ArtifactDigest,
  type SignedContent,
} from '../evidence/signature-evidence.ts';

type MessageDigest = Extract<SignedContent, { kind: 'message-digest' }>;
type Envelope = Extract<SignedContent, { kind: 'dsse' }>;

/** What a signature was found to be over, and with which hash. */
export interface Signed {
  readonly hash: HashAlgorithm;
  /** Digest of the signed bytes, undefined where it is not known by that algorithm. */
  digest(algorithm: HashAlgorithm): Uint8Array | undefined;
}

/**
 * The signature over a simple signing document, with SHA-256 whatever the key, as cosign makes it.
 *
 * @throws VerificationError SIGNATURE_INVALID
 */
export function verifyPayloadSignature(key: PublicKey, payload: Uint8Array, signature: Uint8Array): Signed {
  if (!verifyMessage(key, 'sha256', payload, signature)) throw invalid(key);
  return signedBytes('sha256', payload);
}

/**
 * The signature over the pre-authentication encoding of an envelope (DSSE protocol), with the hash that goes with the key, or SHA-256
 * as cosign uses it with every key.
 *
 * @throws VerificationError SIGNATURE_INVALID
 */
export function verifyEnvelopeSignature(
  key: PublicKey,
  { payloadType, payload }: Envelope,
  signature: Uint8Array,
): Signed {
  const message = preAuthEncoding(payloadType, payload);
  const hashes = [...new Set<HashAlgorithm>([defaultHash(key.type), 'sha256'])];
  const hash = hashes.find((candidate) => verifyMessage(key, candidate, message, signature));
  if (hash === undefined) throw invalid(key);
  return signedBytes(hash, message);
}

/**
 * The signature over an artifact, of which only the digest may be at hand.
 *
 * @throws VerificationError ARTIFACT_DIGEST when the bundle is about another artifact, SIGNATURE_INVALID
 */
export function verifyArtifactSignature(
  key: PublicKey,
  { claimed }: MessageDigest,
  artifact: Artifact,
  signature: Uint8Array,
): Signed {
  assertArtifactDigest(claimed, artifact);
  if (!isSignatureOf(key, claimed, artifact, signature)) throw invalid(key);
  const known = digestsOf(artifact);
  return {
    hash: claimed.algorithm,
    digest: (algorithm) => known.find((one) => one.algorithm === algorithm)?.digest,
  };
}

/** Over the digest; with Ed25519 that is Ed25519ph, and pure Ed25519 where the artifact itself is at hand. */
function isSignatureOf(
  key: PublicKey,
  { algorithm, digest }: ArtifactDigest,
  { content }: Artifact,
  signature: Uint8Array,
): boolean {
  if (content !== undefined && verifyMessage(key, algorithm, content, signature)) return true;
  if (content !== undefined && key.type !== 'Ed25519') return false;
  return verifyDigest(key, algorithm, digest, signature);
}

/** The digest a bundle claims to sign is that of the artifact. It is the claim that must fit: the signature would not tell which is meant. */
function assertArtifactDigest(claimed: ArtifactDigest, artifact: Artifact): void {
  const known = digestsOf(artifact).find(({ algorithm }) => algorithm === claimed.algorithm);
  if (known !== undefined && equalBytes(claimed.digest, known.digest)) return;
  throw new VerificationError(
    'ARTIFACT_DIGEST',
    `the bundle is about ${formatArtifactDigest(claimed)}, the artifact is ${formatArtifactDigest(known ?? artifact)}`,
  );
}

function signedBytes(hash: HashAlgorithm, bytes: Uint8Array): Signed {
  return { hash, digest: (algorithm) => digest(algorithm, bytes) };
}

function invalid(key: PublicKey): VerificationError {
  return new VerificationError(
    'SIGNATURE_INVALID',
    `the signature does not verify with the signer's ${key.type} key`,
  );
}

import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { HashAlgorithm } from '@sigstead/crypto';
import { decodeHex, encodeHex } from '@sigstead/encoding';
import { VerificationError } from '../errors.ts';

/** Digest of what is verified: a file, or an image manifest. */
export interface ArtifactDigest {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

/**
 * Everything one signature brings with it, whatever the form it was stored in. All of it comes from outside and none of it
 * is trusted: intermediate certificates that came along are not even kept, the trusted root has its own.
 */
export interface SignatureEvidence {
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  /** DER of the signing certificate. */
  readonly certificate: Uint8Array;
  readonly logEntry: TransparencyLogEntry | undefined;
  /** Why the entry has no inclusion proof, when somebody tried to get one. */
  readonly proofMissing?: string;
}

/** What the signature is over. */
export type SignedContent =
  /** A simple signing document, which names the image digest inside. */
  | { readonly kind: 'simple-signing'; readonly payload: Uint8Array }
  /** The artifact itself; the digest is the bundle's own claim. */
  | { readonly kind: 'message-digest'; readonly claimed: ArtifactDigest };

const LENGTHS: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/**
 * Reads `sha256:<64 lower-case hex digits>` (or sha384, sha512 at their lengths).
 *
 * @throws VerificationError EVIDENCE_MALFORMED
 */
export function parseArtifactDigest(text: string): ArtifactDigest {
  const [, algorithm, hex] = /^(sha256|sha384|sha512):([0-9a-f]{64,128})$/.exec(text) ?? [];
  if (
    algorithm === undefined ||
    hex === undefined ||
    hex.length !== LENGTHS[algorithm as HashAlgorithm] * 2
  ) {
    throw new VerificationError('EVIDENCE_MALFORMED', 'a digest is sha256: and 64 lower-case hex digits');
  }
  return { algorithm: algorithm as HashAlgorithm, digest: decodeHex(hex) };
}

export function formatArtifactDigest({ algorithm, digest }: ArtifactDigest): string {
  return `${algorithm}:${encodeHex(digest)}`;
}

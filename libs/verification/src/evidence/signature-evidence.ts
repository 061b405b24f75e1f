import type { TransparencyLogEntry } from '@sigstead/bundle';
import { digestSize, isHashAlgorithm, type HashAlgorithm } from '@sigstead/crypto';
import { decodeHex, encodeHex } from '@sigstead/encoding';
import { VerificationError } from '../errors.ts';

/** Digest of what is verified: a file, or an image manifest. */
export interface ArtifactDigest {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

/** What is verified, by its digest and by what else is known of it. All of it was computed by the caller from the artifact itself. */
export interface Artifact extends ArtifactDigest {
  /** Its digests by other algorithms: a signature or statement may be over one of these. */
  readonly further?: readonly ArtifactDigest[];
  /** The artifact itself, where it is small: pure Ed25519 cannot be verified over a digest. */
  readonly content?: Uint8Array;
}

/**
 * Everything one signature brings with it, whatever the form it was stored in. All of it comes from outside and none of it
 * is trusted: intermediate certificates that came along are not even kept, the trusted root has its own.
 */
export interface SignatureEvidence {
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  readonly key: SigningKey;
  readonly logEntries: readonly TransparencyLogEntry[];
  /** RFC 3161, DER each. */
  readonly timestamps: readonly Uint8Array[];
  /** What the timestamps are over, where it is not the signature: the `.att` form has them over the envelope. */
  readonly timestamped?: Uint8Array;
  /** Why an entry has no inclusion proof, when somebody tried to get one. */
  readonly proofMissing?: string;
}

/** What the signature verifies with. */
export type SigningKey =
  /** DER of the signing certificate. */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  /** A key that did not come along: the policy must have it. The hint is the signer's word, and not believed. */
  | { readonly kind: 'public-key'; readonly hint: string };

/** What the signature is over. */
export type SignedContent =
  /** A simple signing document, which names the image digest inside. */
  | { readonly kind: 'simple-signing'; readonly payload: Uint8Array }
  /** The artifact itself; the digest is the bundle's own claim. */
  | { readonly kind: 'message-digest'; readonly claimed: ArtifactDigest }
  /** A DSSE envelope, whose payload names the artifact. */
  | {
      readonly kind: 'dsse';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      /** JSON of the envelope as it was found, where there is one text that was logged. */
      readonly envelope?: Uint8Array;
      /** Empty when absent. Nobody signs it. */
      readonly keyId: string;
    };

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
    !isHashAlgorithm(algorithm) ||
    hex.length !== digestSize(algorithm) * 2
  ) {
    throw new VerificationError('EVIDENCE_MALFORMED', 'a digest is sha256: and 64 lower-case hex digits');
  }
  return { algorithm, digest: decodeHex(hex) };
}

export function formatArtifactDigest({ algorithm, digest }: ArtifactDigest): string {
  return `${algorithm}:${encodeHex(digest)}`;
}

/** All digests that are known of an artifact. */
export function digestsOf({ algorithm, digest, further = [] }: Artifact): readonly ArtifactDigest[] {
  return [{ algorithm, digest }, ...further];
}

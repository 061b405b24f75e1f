import type { TrustedRoot } from '@sigstead/trust';
import type { Certificate } from '@sigstead/x509';
import type { VerificationError } from '../errors.ts';
import type { ArtifactDigest, SignatureEvidence } from '../evidence/signature-evidence.ts';
import type { Policy } from '../policy.ts';
import type { SigningTime } from '../signing-time.ts';

export interface VerificationOptions {
  readonly now: Date;
  /** Whether the log's promise alone is too little. True unless told. */
  readonly requireInclusionProof?: boolean | undefined;
  /** How far the log's clock may be ahead of `now`; 60 s unless told. */
  readonly clockSkewMs?: number | undefined;
}

/** What all steps of one signature share. */
export interface Context {
  readonly artifact: ArtifactDigest;
  readonly trustedRoot: TrustedRoot;
  readonly policy: Policy;
  readonly options: VerificationOptions;
}

/** Evidence whose certificate was found good, with the time that was found for it. */
export interface SigningLink {
  readonly evidence: SignatureEvidence;
  readonly certificate: Certificate;
  readonly time: SigningTime | VerificationError;
}

/** A link whose signature holds. */
export interface SignedLink extends SigningLink {
  /** Digest of what the signature is over: the payload of a `.sig` layer, or the artifact. */
  readonly signed: ArtifactDigest;
}

import type { PublicKey } from '@sigstead/crypto';
import type { RevocationList } from '@sigstead/revocation';
import type { TrustedRoot } from '@sigstead/trust';
import type { Certificate } from '@sigstead/x509';
import type { Signed } from '../checks/signature.ts';
import type { VerificationError } from '../errors.ts';
import type { Artifact, SignatureEvidence } from '../evidence/signature-evidence.ts';
import type { Policy } from '../policy.ts';
import type { SigningTimes } from '../signing-times.ts';
import type { Statement } from '../statement.ts';

export interface VerificationOptions {
  readonly now: Date;
  /** Whether the log's promise alone is too little. True unless told. */
  readonly requireInclusionProof?: boolean | undefined;
  /** How far the clocks of logs and authorities may be ahead of `now`; 60 s unless told. */
  readonly clockSkewMs?: number | undefined;
  /** Logs of how many operators must have an entry; 1 unless told. With 0 entries that are there must hold all the same. */
  readonly logThreshold?: number | undefined;
  /** Timestamp authorities of how many operators must have given a time; 0 unless told. */
  readonly timestampThreshold?: number | undefined;
  /** Certificate transparency logs of how many operators must have promised to publish the certificate; 1 unless told. */
  readonly sctThreshold?: number | undefined;
  /** What no longer counts. That the list is fresh is the caller's to know. */
  readonly revocations?: RevocationList | undefined;
}

/** What all steps of one signature share. */
export interface Context {
  readonly artifact: Artifact;
  readonly trustedRoot: TrustedRoot;
  readonly policy: Policy;
  readonly options: VerificationOptions;
}

/** Evidence whose certificate was found good, or which a key of the policy is to judge, with the times that were found for it. */
export interface SigningLink {
  readonly evidence: SignatureEvidence;
  readonly signer:
    | { readonly kind: 'certificate'; readonly certificate: Certificate }
    | { readonly kind: 'keys'; readonly keys: readonly PublicKey[] };
  readonly times: SigningTimes | VerificationError;
}

/** A link whose signature holds. */
export interface SignedLink extends SigningLink {
  readonly signed: Signed;
  /** The key it verified with. */
  readonly publicKey: PublicKey;
  /** Of a DSSE envelope. */
  readonly statement: Statement | undefined;
  /** Key-value pairs that the signer had signed along: `optional` of a simple signing document. */
  readonly annotations: Readonly<Record<string, string>>;
}

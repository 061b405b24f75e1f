import type { FulcioClaims } from '@sigstead/x509';

/** Facts a passed step hands to the reader. JSON types only; hashes and ids in hex, times in ISO 8601. */
export interface StepEvidence {
  readonly retrieval: RetrievalFacts;
  readonly 'certificate-chain': CertificateChainFacts;
  readonly 'identity-extraction': IdentityFacts;
  readonly signature: SignatureFacts;
  readonly 'log-entry': LogFacts;
  readonly policy: PolicyFacts;
  readonly result: ResultFacts;
}

export interface RetrievalFacts {
  /** Digest of what is verified, `sha256:<hex>`. */
  readonly digest: string;
  /** Number of signatures found for it. */
  readonly signatures: number;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** Hex. */
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface SctFacts {
  /** Base URL of the log in the trusted root. */
  readonly log: string;
  readonly logId: string;
  readonly timestamp: string;
}

export interface CertificateChainFacts {
  /** Signing certificate first, root last. */
  readonly chain: readonly CertificateFacts[];
  /** Authority of the trusted root it leads to. */
  readonly certificateAuthority: string;
  /** The latest of the times at which the chain was judged. */
  readonly at: string;
  /** Where that time comes from, for want of one the start of the certificate. */
  readonly timeSource: TimeFacts['source'] | 'certificate-start';
  readonly signedCertificateTimestamps: readonly SctFacts[];
}

export type IdentityFacts =
  | {
      readonly identity: string;
      readonly identityType: string;
      /** Empty where the certificate was issued for no token. */
      readonly issuer: string;
      readonly claims: Partial<FulcioClaims>;
    }
  /** Keys of the policy, `sha256:<hex>` of the SubjectPublicKeyInfo, one of which must have signed. */
  | { readonly keys: readonly string[] };

export interface SignatureFacts {
  /** Key and hash, such as `PKIX_ECDSA_P256_SHA_256`. */
  readonly algorithm: string;
  /** Digest of the artifact, `sha256:<hex>`. */
  readonly artifactDigest: string;
  /** What the signature is over: the simple signing document, a statement in an envelope, or the artifact itself. */
  readonly signed: 'simple-signing-payload' | 'statement' | 'artifact';
  /** Of the statement. */
  readonly predicateType?: string;
  /** Name the image had for its signer, as the payload claims it. */
  readonly dockerReference?: string;
}

export interface InclusionFacts {
  /** Position in the tree the proof is for (one log can be several trees). */
  readonly leafIndex: string;
  readonly treeSize: string;
  readonly hashes: number;
  readonly rootHash: string;
  readonly checkpointOrigin: string;
}

export interface TimeFacts {
  readonly at: string;
  readonly source: 'signed-entry-timestamp' | 'rfc3161-timestamp';
  /** URL of the log or authority in the trusted root. */
  readonly by: string;
}

export interface LogEntryFacts {
  /** Base URL of the log in the trusted root. */
  readonly log: string;
  readonly logId: string;
  /** As the promise has it; without a promise the place in the tree that the proof is for. */
  readonly logIndex: string;
  readonly kind: string;
  /** Only with a promise: without one it is nobody's word. */
  readonly integratedTime?: string;
  /** Whether the log's promise (signed entry timestamp) was there and verified. */
  readonly inclusionPromise: boolean;
  /** The log's proof and checkpoint, when they were there and verified. */
  readonly inclusionProof?: InclusionFacts;
}

/** The first entry, if any, with what else speaks for log and time. */
export interface LogFacts extends Partial<LogEntryFacts> {
  readonly furtherEntries?: readonly LogEntryFacts[];
  /** Every time that was verified. */
  readonly times: readonly TimeFacts[];
}

export interface PolicyFacts {
  /** Every rule that was met, as text. */
  readonly rules: readonly string[];
  /** Fields whose pattern may match in the middle of a value. */
  readonly unanchored: readonly string[];
}

export interface ResultFacts {
  /** Signatures that satisfy everything, of all that were found. */
  readonly verifiedSignatures: number;
  readonly signatures: number;
}

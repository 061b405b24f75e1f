import { type HashAlgorithm } from '@sigstead/crypto';

export type BundleVersion = '0.1' | '0.2' | '0.3';

/** A Sigstore bundle of any version, its shape and version rules checked, nothing verified. */
export interface Bundle {
  /** As it was written; two spellings stand for version 0.3. */
  readonly mediaType: string;
  readonly version: BundleVersion;
  readonly verificationMaterial: VerificationMaterial;
  readonly content: BundleContent;
}

export interface VerificationMaterial {
  readonly key: VerificationKey;
  readonly tlogEntries: readonly TransparencyLogEntry[];
  /** DER TimeStampResp each, over the signature bytes. */
  readonly rfc3161Timestamps: readonly Uint8Array[];
}

export type VerificationKey =
  | {
      readonly kind: 'certificate';
      /** DER, leaf first, never a root; exactly one in version 0.3. */
      readonly certificates: readonly Uint8Array[];
    }
  | { readonly kind: 'publicKey'; readonly hint: string };

export type BundleContent = MessageSignature | DsseEnvelope;

export interface MessageSignature {
  readonly kind: 'messageSignature';
  readonly digestAlgorithm: HashAlgorithm;
  /** Of the artifact; a hint only, as it is not signed. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

export interface DsseEnvelope {
  readonly kind: 'dsse';
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** Exactly one. */
  readonly signatures: readonly DsseSignature[];
}

export interface DsseSignature {
  readonly signature: Uint8Array;
  /** Empty when absent. */
  readonly keyId: string;
}

export interface TransparencyLogEntry {
  /** Over all shards of a Rekor v1 log, so it may differ from the proof's index. */
  readonly logIndex: bigint;
  readonly logId: Uint8Array;
  readonly kind: string;
  readonly kindVersion: string;
  /** 0 when the log gives no time (Rekor v2). A time only when a signed entry timestamp covers it. */
  readonly integratedTimeSeconds: bigint;
  /** Signed entry timestamp. */
  readonly inclusionPromise?: Uint8Array;
  readonly inclusionProof?: InclusionProof;
  /** The leaf's bytes. */
  readonly canonicalizedBody: Uint8Array;
}

export interface InclusionProof {
  /** In the shard. */
  readonly logIndex: bigint;
  /** 32 bytes */
  readonly rootHash: Uint8Array;
  readonly treeSize: bigint;
  /** 32 bytes each, leaf to root. */
  readonly hashes: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
}

export interface BundleLimits {
  /** Size of the whole JSON text. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** JSON values of every kind together. */
  readonly maxValues: number;
  readonly maxTlogEntries: number;
  readonly maxTimestamps: number;
  readonly maxProofHashes: number;
  readonly maxCertificates: number;
}

/** 64 hashes prove inclusion in any tree an int64 can count; the rest is what official clients take or more. */
export const DEFAULT_BUNDLE_LIMITS: BundleLimits = {
  maxBytes: 16 << 20,
  maxDepth: 16,
  maxValues: 10_000,
  maxTlogEntries: 32,
  maxTimestamps: 32,
  maxProofHashes: 64,
  maxCertificates: 10,
};

import { encodeHex } from '@sigstead/encoding';
import type { TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';

/** An entry on its way into a log: verified, but without a place. */
export interface Submission {
  /** What makes two submissions the same entry, 32 bytes. */
  readonly identity: Uint8Array;
  /** Distinct, each of 1 to 512 characters without NUL. */
  readonly searchKeys: readonly string[];
  /** Certificates in DER that the stored entry refers to by their SHA-256. */
  readonly issuers: readonly Uint8Array[];
  /** What the stored entry refers to by its SHA-256, kept beside it. */
  readonly attestation?: Uint8Array;
  /** The bytes to store and their leaf hash, once place and time are known. */
  encode(index: bigint, timestampMs: bigint): { readonly entry: Uint8Array; readonly leafHash: Uint8Array };
}

/** A submission that is in the log for good, under a head that is anchored. */
export interface Sequenced<Seal> {
  readonly index: bigint;
  readonly timestampMs: bigint;
  /** The entry was there before; index and time are those of the first one. */
  readonly duplicate: boolean;
  /** As stored. */
  readonly entry: Uint8Array;
  readonly head: TreeHead;
  /** What was signed for the head, one for all entries of a batch. */
  readonly seal: Seal;
  /** Inclusion in `head`, hashes leaf to root. */
  readonly inclusionProof: readonly Uint8Array[];
}

const MAX_SEARCH_KEY_LENGTH = 512;
/** What a search key weighs beside its text: to store a row of its own takes as long as so many bytes of entries. */
const SEARCH_KEY_WEIGHT = 160;
/** Half a character has no UTF-8 form. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One submission that cannot be encoded, or that the database refuses, fails every other one of its batch, so it is tried before.
 *
 * @returns what it weighs in queue and batch: the bytes of entry and attestation, and what its search keys cost
 * @throws LogError STORAGE; whatever `encode` throws
 */
export function assertStorable(submission: Submission): number {
  if (submission.identity.length !== 32) {
    throw new LogError('STORAGE', `an identity has ${submission.identity.length} bytes, want 32`);
  }
  for (const key of submission.searchKeys) {
    if (
      key.length === 0 ||
      key.length > MAX_SEARCH_KEY_LENGTH ||
      key.includes('\0') ||
      LONE_SURROGATE.test(key)
    ) {
      throw new LogError('STORAGE', `a search key of ${encodeHex(submission.identity)} cannot be stored`);
    }
  }
  const { entry, leafHash } = submission.encode(0n, 0n);
  if (leafHash.length !== 32) {
    throw new LogError('STORAGE', `a leaf hash has ${leafHash.length} bytes, want 32`);
  }
  const keys = submission.searchKeys.reduce((sum, key) => sum + SEARCH_KEY_WEIGHT + key.length, 0);
  return entry.length + (submission.attestation?.length ?? 0) + keys;
}

import { decodeHex, encodeHex } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const LEAF_HASH_SIZE = 32;
const MAX_TREE_ID = (1n << 63n) - 1n;

/** A Rekor v1 entry: by leaf hash in whatever tree, or in one tree. */
export interface RekorEntryId {
  /** Absent for the short form of 64 digits. */
  readonly treeId?: bigint;
  /** 32 bytes */
  readonly leafHash: Uint8Array;
}

/**
 * 80 lower-case hex digits: tree ID as 16, leaf hash as 64.
 *
 * @param treeId 0 < treeId < 2^63
 * @throws TlogError TREE_ID or ENTRY_ID
 */
export function rekorEntryId(treeId: bigint, leafHash: Uint8Array): string {
  if (treeId <= 0n || treeId > MAX_TREE_ID) throw new TlogError('TREE_ID', `${treeId} is not a valid TreeID`);
  if (leafHash.length !== LEAF_HASH_SIZE) {
    throw new TlogError('ENTRY_ID', `leaf hash of ${leafHash.length} bytes, want ${LEAF_HASH_SIZE}`);
  }
  return treeId.toString(16).padStart(16, '0') + encodeHex(leafHash);
}

/**
 * Reads 64 or 80 hex digits of either case.
 *
 * @throws TlogError ENTRY_ID on anything else, TREE_ID when the tree part is zero or no int64
 */
export function parseRekorEntryId(text: string): RekorEntryId {
  if ((text.length !== 64 && text.length !== 80) || !/^[0-9a-fA-F]+$/.test(text)) {
    throw new TlogError('ENTRY_ID', `entry ID of ${text.length} characters, want 64 or 80 hex digits`);
  }
  const leafHash = decodeHex(text.slice(-64));
  if (text.length === 64) return { leafHash };
  const digits = text.slice(0, 16);
  const treeId = BigInt(`0x${digits}`);
  if (treeId === 0n || treeId > MAX_TREE_ID)
    throw new TlogError('TREE_ID', `${digits} is not a valid TreeID`);
  return { treeId, leafHash };
}

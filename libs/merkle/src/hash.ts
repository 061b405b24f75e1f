import { hash } from 'node:crypto';
import { MerkleError } from './merkle-error.ts';

/** Bytes of every hash in the tree (SHA-256). */
export const HASH_SIZE = 32;

// RFC 6962 section 2.1 separates the two preimages by their first octet, so that no leaf can pass for a node.
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** Root of the tree without leaves: the hash of the empty string (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/**
 * Leaf hash `SHA-256(0x00 || data)` (RFC 6962 section 2.1).
 *
 * @param data the log entry, any length
 * @returns 32 bytes
 */
export function hashLeaf(data: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + data.length);
  preimage[0] = LEAF_PREFIX;
  preimage.set(data, 1);
  return sha256(preimage);
}

/**
 * Interior node hash `SHA-256(0x01 || left || right)` (RFC 6962 section 2.1).
 *
 * @param left 32 bytes
 * @param right 32 bytes
 * @returns 32 bytes
 * @throws MerkleError HASH_LENGTH: another length would move the border between the children
 */
export function hashChildren(left: Uint8Array, right: Uint8Array): Uint8Array {
  assertHash(left, 'left child');
  assertHash(right, 'right child');
  const preimage = new Uint8Array(1 + 2 * HASH_SIZE);
  preimage[0] = NODE_PREFIX;
  preimage.set(left, 1);
  preimage.set(right, 1 + HASH_SIZE);
  return sha256(preimage);
}

/** @throws MerkleError HASH_LENGTH unless the hash is 32 bytes */
export function assertHash(value: Uint8Array, subject: string): void {
  if (value.length !== HASH_SIZE) {
    throw new MerkleError('HASH_LENGTH', `length of ${subject}`, value.length, HASH_SIZE);
  }
}

// One-shot hashing costs about half of createHash. The result is a plain Uint8Array, because Buffer's slice()
// shares memory.
function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

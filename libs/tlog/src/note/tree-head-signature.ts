import { type PublicKey, type Signer, verifyMessage } from '@sigstead/crypto';
import { concatBytes, decodeUtf8, EncodingError, TlsReader, tlsU64, tlsU8 } from '@sigstead/encoding';
import { SCT_HASH_SHA256 } from '@sigstead/x509';
import { type Checkpoint, parseCheckpoint } from '../checkpoint.ts';
import { digitallySign, digitallySignedAlgorithm } from '../digitally-signed.ts';
import { TlogError } from '../errors.ts';

/** What RFC 6962 signs of a tree. */
export interface TimedTreeHead {
  /** Unix milliseconds, 0 <= n < 2^64 */
  readonly timestampMs: bigint;
  readonly size: bigint;
  /** 32 bytes */
  readonly rootHash: Uint8Array;
}

/**
 * DigitallySigned over the tree head, as in get-sth (RFC 6962 section 3.5):
 *
 * ```
 * struct { Version v1(0); SignatureType tree_hash(1); uint64 timestamp; uint64 tree_size; opaque sha256_root_hash[32]; } TreeHeadSignature;
 * ```
 *
 * @throws TlogError SIGNER when the key is neither P-256 nor RSA
 */
export function signTreeHead(head: TimedTreeHead, signer: Signer): Promise<Uint8Array> {
  return digitallySign(signer, treeHeadInput(head));
}

/** @returns false for a wrong signature and for bytes that are none; never throws on them */
export function verifyTreeHead(head: TimedTreeHead, digitallySigned: Uint8Array, key: PublicKey): boolean {
  const signature = readSignature(digitallySigned, key);
  return signature !== undefined && verifyMessage(key, 'sha256', treeHeadInput(head), signature);
}

/**
 * Signature of type 0x05 under a checkpoint's text (C2SP static-ct-api): `uint64 timestamp ‖ DigitallySigned`.
 *
 * @param origin the key's name: RFC 6962 does not sign it, so it is compared
 * @returns false as well for a text that is no checkpoint, has another origin or extension lines
 */
export function verifyRfc6962Signature(
  origin: string,
  key: PublicKey,
  noteText: Uint8Array,
  signature: Uint8Array,
): boolean {
  const checkpoint = readCheckpoint(origin, noteText);
  const timestampMs = rfc6962SignatureTime(signature);
  if (checkpoint === undefined || timestampMs === undefined) return false;
  const { size, rootHash } = checkpoint;
  return verifyTreeHead({ timestampMs, size, rootHash }, signature.subarray(8), key);
}

/** Unix milliseconds in a signature of type 0x05, undefined when it is too short for one. */
export function rfc6962SignatureTime(signature: Uint8Array): bigint | undefined {
  return signature.length <= 8 ? undefined : new TlsReader(signature).u64();
}

function treeHeadInput({ timestampMs, size, rootHash }: TimedTreeHead): Uint8Array {
  return concatBytes(tlsU8(0), tlsU8(1), tlsU64(timestampMs), tlsU64(size), rootHash);
}

function readSignature(digitallySigned: Uint8Array, key: PublicKey): Uint8Array | undefined {
  try {
    const reader = new TlsReader(digitallySigned);
    const [hash, algorithm, signature] = [reader.u8(), reader.u8(), reader.vector16()];
    reader.end();
    return hash === SCT_HASH_SHA256 && algorithm === digitallySignedAlgorithm(key.type)
      ? signature
      : undefined;
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function readCheckpoint(origin: string, noteText: Uint8Array): Checkpoint | undefined {
  try {
    const checkpoint = parseCheckpoint(decodeUtf8(noteText));
    return checkpoint.origin === origin && checkpoint.extensions.length === 0 ? checkpoint : undefined;
  } catch (error) {
    if (error instanceof TlogError || error instanceof EncodingError) return undefined;
    throw error;
  }
}

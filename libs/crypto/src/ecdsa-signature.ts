import { DerReader, EncodingError, derInteger, derSequence } from '@sigstead/encoding';
import type { Curve } from './curves.ts';
import { readUnsigned } from './integers.ts';

export interface EcdsaSignature {
  readonly r: bigint;
  readonly s: bigint;
}

/** SEQUENCE, two INTEGERs of at most 67 bytes, and the long length form P-521 needs: 141 bytes at most. */
const MAX_SIGNATURE_BYTES = 141;

/**
 * Strict DER `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 section 2.2.3) with 1 <= r, s <
 * n; undefined for anything else. Both halves of s are accepted: the standard allows either, and signers in the
 * field emit either.
 */
export function parseEcdsaSignature(signature: Uint8Array, { n }: Curve): EcdsaSignature | undefined {
  if (signature.length > MAX_SIGNATURE_BYTES) return undefined;
  try {
    const reader = new DerReader(signature);
    const sequence = reader.sequence();
    reader.end();
    const r = readUnsigned(sequence);
    const s = readUnsigned(sequence);
    sequence.end();
    return r > 0n && r < n && s > 0n && s < n ? { r, s } : undefined;
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

/** The one DER encoding of a signature. */
export function encodeEcdsaSignature({ r, s }: EcdsaSignature): Uint8Array {
  return derSequence(derInteger(r), derInteger(s));
}

import { type KeyType } from '@sigstead/crypto';
import { derInteger, derSequence } from '@sigstead/encoding';

const COORDINATE_SIZES: Readonly<Partial<Record<KeyType, number>>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
};

/**
 * The DER form of an ECDSA signature given as r ‖ s (IEEE P1363), each as wide as the curve's coordinates; undefined
 * when the key is of another type or the length is not that of the raw form.
 */
export function ecdsaSignatureFromRaw(type: KeyType, signature: Uint8Array): Uint8Array | undefined {
  const size = COORDINATE_SIZES[type];
  if (size === undefined || signature.length !== 2 * size) return undefined;
  return derSequence(derInteger(signature.subarray(0, size)), derInteger(signature.subarray(size)));
}

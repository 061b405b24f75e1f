import { concatBytes, EncodingError, TlsReader, tlsU64, tlsU8, tlsVector16 } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const LEAF_INDEX_TYPE = 0;
const LEAF_INDEX_SIZE = 5;
const MAX_EXTENSIONS = 16;

/**
 * CtExtensions with the one extension a static-ct SCT must carry: type 0, uint16 length 5, index as uint40. Its eight
 * bytes are both in the SCT and in the hashed leaf, so the index is assigned before anything is signed.
 *
 * @param index 0 <= index < 2^40
 * @throws TlogError CT
 */
export function leafIndexExtension(index: bigint): Uint8Array {
  if (index < 0n || index >= 1n << 40n) throw new TlogError('CT', `leaf index ${index} is outside 0..2^40-1`);
  return concatBytes(tlsU8(LEAF_INDEX_TYPE), tlsVector16(tlsU64(index).subarray(8 - LEAF_INDEX_SIZE)));
}

/**
 * The leaf index in an SCT's extensions, undefined when there is none; other extensions are skipped.
 *
 * @throws TlogError CT when malformed or repeated
 */
export function parseLeafIndex(extensions: Uint8Array): bigint | undefined {
  const found: Uint8Array[] = [];
  try {
    const reader = new TlsReader(extensions);
    for (let count = 0; !reader.done; count++) {
      if (count === MAX_EXTENSIONS) throw new TlogError('CT', `more than ${MAX_EXTENSIONS} SCT extensions`);
      const type = reader.u8();
      const data = reader.vector16();
      if (type === LEAF_INDEX_TYPE) found.push(data);
    }
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('CT', `malformed SCT extensions: ${cause.message}`, { cause });
  }
  const [data] = found;
  if (data === undefined) return undefined;
  if (found.length > 1 || data.length !== LEAF_INDEX_SIZE) {
    throw new TlogError('CT', `leaf index extension of ${data.length} bytes, ${found.length} times`);
  }
  return data.reduce((index, byte) => (index << 8n) | BigInt(byte), 0n);
}

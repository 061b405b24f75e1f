import { gzipSync } from 'node:zlib';
import { concatBytes, encodeUtf8 } from '@sigstead/encoding';

export interface TarLayer {
  /** The tar archive: its digest is the `diff_id` of an image configuration. */
  readonly archive: Uint8Array;
  /** The same in gzip: what a registry holds. */
  readonly compressed: Uint8Array;
}

const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;

/**
 * An image layer of one file, readable by all, dated 1970. Compressed, because tools that copy images compress what is
 * not, and so change the digest that was signed.
 *
 * @param name path inside the image, at most 100 bytes
 * @throws RangeError when the name is empty or too long for a ustar header
 */
export function tarLayer(name: string, content: Uint8Array): TarLayer {
  const padding = new Uint8Array(-content.length & (BLOCK_BYTES - 1));
  const end = new Uint8Array(2 * BLOCK_BYTES);
  const archive = concatBytes(ustarHeader(name, content.length), content, padding, end);
  return { archive, compressed: gzipSync(archive) };
}

/** The header block of POSIX.1-1988 (ustar): numbers are octal text, the checksum counts its own field as spaces. */
function ustarHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string) => header.set(encodeUtf8(text), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  const nameBytes = encodeUtf8(name);
  if (nameBytes.length === 0 || nameBytes.length > MAX_NAME_BYTES)
    throw new RangeError(`file name of ${nameBytes.length} bytes, want 1 to ${MAX_NAME_BYTES}`);
  header.set(nameBytes, 0);
  put(100, `${octal(0o644, 7)}\0`);
  put(108, `${octal(0, 7)}\0`);
  put(116, `${octal(0, 7)}\0`);
  put(124, `${octal(size, 11)}\0`);
  put(136, `${octal(0, 11)}\0`);
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\x0000');
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  put(148, `${octal(checksum, 6)}\0 `);
  return header;
}

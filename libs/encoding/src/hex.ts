import { EncodingError } from './errors.ts';

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** Lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

/**
 * Bytes of an even number of hexadecimal digits in either case.
 *
 * @throws EncodingError HEX
 */
export function decodeHex(text: string): Uint8Array {
  if (!HEX.test(text)) throw new EncodingError('HEX', 'want an even number of hexadecimal digits');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

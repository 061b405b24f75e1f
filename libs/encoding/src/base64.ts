import { EncodingError } from './errors.ts';

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*$/;
const EITHER = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Standard alphabet, padded (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/**
 * Strict RFC 4648 section 4: standard alphabet, padded, unused bits zero, no white space.
 * One text for one value, so that equal bytes mean equal text.
 *
 * @throws EncodingError BASE64
 */
export function decodeBase64(text: string): Uint8Array {
  if (!STANDARD.test(text) || text.length % 4 !== 0) {
    throw new EncodingError('BASE64', 'want padded base64 in the standard alphabet');
  }
  return decodeCanonical(text, text);
}

/** URL alphabet without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return view(bytes).toString('base64url');
}

/**
 * Strict base64url without padding, unused bits zero (RFC 7515 section 2).
 *
 * @throws EncodingError BASE64
 */
export function decodeBase64Url(text: string): Uint8Array {
  if (!URL_SAFE.test(text)) throw new EncodingError('BASE64', 'want unpadded base64 in the URL alphabet');
  const standard = toStandard(text);
  return decodeCanonical(standard, text);
}

/**
 * `bytes` of proto3 JSON: standard or URL alphabet, padding optional. Mixed alphabets, wrong padding and
 * stray bits are refused.
 *
 * @throws EncodingError BASE64
 */
export function decodeBase64Lenient(text: string): Uint8Array {
  // The usual form by the shortest way.
  if (text.length % 4 === 0 && STANDARD.test(text)) return decodeCanonical(text, text);
  const padding = text.indexOf('=');
  if (
    !EITHER.test(text) ||
    (padding >= 0 && text.length % 4 !== 0) ||
    (/[+/]/.test(text) && /[-_]/.test(text))
  ) {
    throw new EncodingError('BASE64', 'want base64 in the standard or the URL alphabet');
  }
  return decodeCanonical(toStandard(padding < 0 ? text : text.slice(0, padding)), text);
}

function toStandard(unpadded: string): string {
  const text = unpadded.replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

function decodeCanonical(padded: string, original: string): Uint8Array {
  const bytes = Buffer.from(padded, 'base64');
  if (bytes.toString('base64') !== padded) {
    throw new EncodingError(
      'BASE64',
      `base64 of ${original.length} characters is cut short or has stray bits`,
    );
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

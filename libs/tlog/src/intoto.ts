import {
  decodeHex,
  decodeUtf8,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonValue,
} from '@sigstead/encoding';
import { TlogError } from './errors.ts';

export const INTOTO_KIND = 'intoto';

/** How a stored intoto entry begins: canonical JSON has its keys in one order. */
const STORED_BEGIN = /^\{"apiVersion":"0\.0\.[0-9]{1,3}","kind":"intoto",/;
const LONGEST_BEGIN = 64;

/**
 * SHA-256 of the payload of a stored intoto entry, under which its attestation may be kept; undefined for entries of other types.
 *
 * @param body a leaf of a log, trusted to be one
 */
export function attestationDigest(body: Uint8Array): Uint8Array | undefined {
  const begin = String.fromCharCode(...body.subarray(0, LONGEST_BEGIN));
  if (!STORED_BEGIN.test(begin)) return undefined;
  const entry = parseJson(decodeUtf8(body), { maxBytes: body.length });
  const value = member(member(member(member(entry, 'spec'), 'content'), 'payloadHash'), 'value');
  return typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value) ? decodeHex(value) : undefined;
}

/**
 * Text of a field whose bytes are base64 once more, as `payload` and `sig` of intoto 0.0.2 are.
 *
 * @throws TlogError SPEC
 */
export function innerText(bytes: Uint8Array, field: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${field} in body must be base64 of base64`, { cause, field });
  }
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

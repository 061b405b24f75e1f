import { decodeHex, decodeUtf8, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';

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

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

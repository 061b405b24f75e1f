import { EncodingError, isJsonObject, parseJson, type JsonLimits, type JsonValue } from '@sigstead/encoding';
import { TlogError } from '../errors.ts';

/**
 * JSON of a request, each member of an object once. `JSON.parse` keeps the last of several members of one name where other readers
 * keep the first, so the sender and the log could mean different entries.
 *
 * @throws TlogError LIMIT too large or too deep, JSON malformed or with a repeated member
 */
export function parseRequestJson(body: Uint8Array, limits: JsonLimits): JsonValue {
  const value = parse(body, limits);
  if (countMemberSeparators(body) !== countMembers(value)) {
    throw new TlogError('JSON', 'malformed JSON: an object has the same member twice');
  }
  return value;
}

function parse(body: Uint8Array, limits: JsonLimits): JsonValue {
  try {
    return parseJson(body, limits);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', cause.message, { cause });
  }
}

/** Colons outside of strings: in well-formed JSON there is one for every member. UTF-8 has these bytes for these characters only. */
function countMemberSeparators(json: Uint8Array): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inString && byte === 0x5c) at++;
    else if (byte === 0x22) inString = !inString;
    else if (byte === 0x3a && !inString) count++;
  }
  return count;
}

function countMembers(value: JsonValue): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMembers(item), 0);
  if (!isJsonObject(value)) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + 1 + countMembers(member), 0);
}

import { EncodingError, parseJson, type JsonLimits, type JsonValue } from '@sigstead/encoding';
import { TlogError } from '../errors.ts';

/**
 * JSON of a request, each member of an object once: otherwise the sender and the log could mean different entries.
 *
 * @throws TlogError LIMIT too large or too deep, JSON malformed or with a repeated member
 */
export function parseRequestJson(body: Uint8Array, limits: JsonLimits): JsonValue {
  try {
    return parseJson(body, { ...limits, uniqueMembers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', cause.message, { cause });
  }
}

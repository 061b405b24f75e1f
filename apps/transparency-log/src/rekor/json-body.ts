import { EncodingError, isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { invalid } from './query.ts';

/**
 * Nesting and values of a request: an entry inside a query has seven levels, and few values beside long texts. A body full of small
 * values would hold the event loop for a second.
 */
export const BODY_SHAPE = { maxDepth: 16, maxValues: 4096 };

/**
 * The JSON object of a request, bounded by the face's body limit.
 *
 * @param name of the parameter, in Rekor's API
 * @throws HttpProblem 422 without a body, 400 when it is no JSON object
 */
export function parseBody(body: Uint8Array | undefined, name: string): JsonObject {
  if (body === undefined || body.length === 0) throw invalid(602, `${name} in body is required`);
  const value = parse(body, name);
  if (value === null) throw invalid(602, `${name} in body is required`);
  if (!isJsonObject(value)) throw malformed(name, 'it is no JSON object');
  return value;
}

/** The field; null, and an empty text, count as absent. */
export function field(body: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  return value === null || value === '' ? undefined : value;
}

/** @throws HttpProblem 400 when the field is there and no text */
export function textField(body: JsonObject, name: string, parameter: string): string | undefined {
  const value = field(body, name);
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(parameter, `${name} is no text`);
}

/** A value of another type than the API has, as Go's decoder refuses it. */
export function malformed(name: string, why: string): HttpProblem {
  return new HttpProblem(400, `parsing ${name} body from "" failed, because ${why}`, {
    type: 'malformed-request',
  });
}

function parse(body: Uint8Array, name: string): JsonValue {
  try {
    return parseJson(body, { maxBytes: body.length, ...BODY_SHAPE });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw malformed(name, cause.message);
  }
}

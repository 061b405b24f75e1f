import { EncodingError } from './errors.ts';
import type { JsonValue } from './json.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Canonical JSON (RFC 8785): keys in order of their UTF-16 code units, numbers as ECMAScript writes them, no white
 * space. Recurses as deep as the value: bound the depth when parsing.
 *
 * @throws EncodingError JSON on NaN, infinities, lone surrogates and values JSON does not have
 */
export function canonicalizeJson(value: JsonValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value))
        throw new EncodingError('JSON', 'numbers must be finite in canonical JSON');
      return JSON.stringify(value);
    case 'string':
      return quote(value);
    case 'object':
      if (Array.isArray(value)) return `[${value.map(canonicalizeJson).join(',')}]`;
      return `{${Object.keys(value)
        .sort()
        .map((key) => `${quote(key)}:${canonicalizeJson(value[key] as JsonValue)}`)
        .join(',')}}`;
    default:
      throw new EncodingError('JSON', `canonical JSON has no ${typeof value}`);
  }
}

function quote(text: string): string {
  if (LONE_SURROGATE.test(text)) throw new EncodingError('JSON', 'lone surrogate in canonical JSON');
  return JSON.stringify(text);
}

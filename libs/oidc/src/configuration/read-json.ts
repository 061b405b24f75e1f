import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import type { Value } from './value.ts';

export function fromJson(value: JsonValue): Value {
  if (Array.isArray(value)) return value.map(fromJson);
  if (!isJsonObject(value)) return value;
  return new Map(Object.entries(value).map(([name, inner]) => [name, fromJson(inner)]));
}

/** Texts stay texts: what YAML calls a number or a boolean is one only where a field wants it. */
export function toJson(value: Value): JsonValue {
  if (value instanceof Map) return objectOf(value);
  return Array.isArray(value) ? value.map(toJson) : (value as Exclude<JsonValue, JsonValue[] | JsonObject>);
}

// Own properties whatever their name: a key `__proto__` must not become the prototype.
function objectOf(mapping: ReadonlyMap<string, Value>): JsonObject {
  return Object.fromEntries([...mapping].map(([name, value]) => [name, toJson(value)]));
}

import {
  decodeBase64Lenient,
  EncodingError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { TlogError } from '../errors.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;
const SHOWN = 64;

/**
 * One message of a request in proto3 JSON, read as protojson does when unknown fields are not discarded: fields in camelCase or
 * under their original name but in one of them only, null as absent, bytes in either base64 alphabet. Every refusal is a
 * TlogError SPEC with the dotted path of the field.
 */
export class RequestMessage {
  readonly path: string;
  readonly #values: ReadonlyMap<string, JsonValue>;

  /** @param fields all the message has, in camelCase */
  constructor(value: JsonValue, path: string, fields: readonly string[]) {
    if (!isJsonObject(value)) throw refused(path, `is ${nameType(value)}, want an object`);
    this.path = path;
    this.#values = collect(value, path, fields);
  }

  at(field: string): string {
    return join(this.path, field);
  }

  /** Undefined when absent. */
  message(field: string, fields: readonly string[]): RequestMessage | undefined {
    const value = this.#values.get(field);
    return value === undefined ? undefined : new RequestMessage(value, this.at(field), fields);
  }

  requiredMessage(field: string, fields: readonly string[]): RequestMessage {
    return this.message(field, fields) ?? this.#missing(field);
  }

  /** The only item of a repeated field. */
  onlyMessage(field: string, fields: readonly string[]): RequestMessage {
    const items = this.#values.get(field) ?? [];
    if (!Array.isArray(items)) throw refused(this.at(field), `is ${nameType(items)}, want an array`);
    const [item] = items;
    if (item === undefined || items.length !== 1)
      throw refused(this.at(field), `has ${items.length} items, want exactly 1`);
    return new RequestMessage(item, `${this.at(field)}.0`, fields);
  }

  /** Which member of a oneof is there. */
  oneOf<Name extends string>(names: readonly Name[]): Name | undefined {
    const present = names.filter((name) => this.#values.has(name));
    if (present.length > 1)
      throw refused(this.at(present[1] as Name), `is given beside ${present[0]}, want one of them`);
    return present[0];
  }

  /** Empty when absent. */
  text(field: string, maxLength: number): string {
    const value = this.#values.get(field) ?? '';
    if (typeof value !== 'string') throw refused(this.at(field), `is ${nameType(value)}, want a string`);
    if (value.length > maxLength)
      throw refused(this.at(field), `has ${value.length} characters, at most ${maxLength} are taken`);
    // Half a character has no UTF-8 form: what is hashed would not be what was sent.
    if (LONE_SURROGATE.test(value)) throw refused(this.at(field), 'is not well-formed Unicode');
    return value;
  }

  requiredText(field: string, maxLength: number): string {
    return this.text(field, maxLength) || this.#missing(field);
  }

  /** Empty when absent. */
  bytes(field: string, maxSize: number): Uint8Array {
    const value = this.#values.get(field) ?? '';
    if (typeof value !== 'string') throw refused(this.at(field), `is ${nameType(value)}, want base64 text`);
    const bytes = decode(value, this.at(field));
    if (bytes.length > maxSize)
      throw refused(this.at(field), `has ${bytes.length} bytes, at most ${maxSize} are taken`);
    return bytes;
  }

  requiredBytes(field: string, maxSize: number): Uint8Array {
    const bytes = this.bytes(field, maxSize);
    return bytes.length > 0 ? bytes : this.#missing(field);
  }

  /** An enum by name or number. Unset and zero are the same in proto3. */
  requiredEnum(field: string, names: Readonly<Record<string, number>>): string {
    const value = this.#values.get(field) ?? 0;
    const [name, number] = Object.entries(names).find((entry) => entry.includes(value as string)) ?? [];
    if (number === 0) return this.#missing(field);
    if (name === undefined)
      throw refused(this.at(field), `is ${quote(value)}, which is no value of that enum`);
    return name;
  }

  #missing(field: string): never {
    throw refused(this.at(field), 'is missing');
  }
}

function collect(object: JsonObject, path: string, fields: readonly string[]): Map<string, JsonValue> {
  const spellings = new Map(fields.flatMap((field) => [field, originalName(field)].map((n) => [n, field])));
  const values = new Map<string, JsonValue>();
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(object)) {
    const field = spellings.get(name);
    if (field === undefined) throw refused(join(path, quote(name)), 'is an unknown field');
    if (seen.has(field)) throw refused(join(path, field), 'is given in two spellings');
    seen.add(field);
    if (value !== null) values.set(field, value);
  }
  return values;
}

/** The field's name in the .proto file. */
function originalName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function decode(text: string, path: string): Uint8Array {
  try {
    return decodeBase64Lenient(text);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${path}: ${cause.message}`, { cause, field: path });
  }
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

function quote(value: JsonValue): string {
  if (typeof value !== 'string' && typeof value !== 'number') return nameType(value);
  return JSON.stringify(typeof value === 'string' ? value.slice(0, SHOWN) : value);
}

function nameType(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function refused(path: string, why: string): TlogError {
  return new TlogError('SPEC', path === '' ? `the request ${why}` : `${path} ${why}`, { field: path });
}

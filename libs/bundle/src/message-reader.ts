import {
  decodeBase64Lenient,
  EncodingError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { BundleError } from './errors.ts';

const MAX_INT64 = (1n << 63n) - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;

/** A JSON value and where it stands. */
export interface Located {
  readonly value: JsonValue;
  readonly path: string;
}

/**
 * One protobuf message in its JSON form (proto3 JSON mapping): fields in camelCase or under their original name, null
 * as absent, bytes in either base64 alphabet, int64 as text or number. Unknown fields are refused when it is made.
 */
export class MessageReader {
  readonly path: string;
  readonly #values: ReadonlyMap<string, JsonValue>;

  constructor({ value, path }: Located, fields: readonly string[]) {
    if (!isJsonObject(value)) throw new BundleError('TYPE', path, `got ${typeOf(value)}, want an object`);
    this.path = path;
    this.#values = collect(value, path, fields);
  }

  at(field: string): string {
    return this.path === '' ? field : `${this.path}.${field}`;
  }

  has(field: string): boolean {
    return this.#values.has(field);
  }

  /** The nested message, undefined when absent. */
  message(field: string, fields: readonly string[]): MessageReader | undefined {
    const value = this.#values.get(field);
    return value === undefined ? undefined : new MessageReader({ value, path: this.at(field) }, fields);
  }

  requiredMessage(field: string, fields: readonly string[]): MessageReader {
    const message = this.message(field, fields);
    if (message === undefined) throw this.#missing(field);
    return message;
  }

  /** The items of a repeated field, none when absent; their number is checked before any is looked at. */
  list(field: string, max: number): Located[] {
    const path = this.at(field);
    const value = this.#values.get(field) ?? [];
    if (!Array.isArray(value)) throw new BundleError('TYPE', path, `got ${typeOf(value)}, want an array`);
    if (value.length > max)
      throw new BundleError('LIMIT', path, `${value.length} items, at most ${max} are taken`);
    return value.map((item, index) => ({ value: item, path: `${path}[${index}]` }));
  }

  text(field: string): string {
    const value = this.#values.get(field) ?? '';
    if (typeof value !== 'string') {
      throw new BundleError('TYPE', this.at(field), `got ${typeOf(value)}, want a string`);
    }
    // Half a character has no UTF-8 form: what is hashed would not be what was read.
    if (LONE_SURROGATE.test(value)) {
      throw new BundleError('TYPE', this.at(field), 'is not well-formed Unicode');
    }
    return value;
  }

  requiredText(field: string): string {
    const text = this.text(field);
    if (text === '') throw this.#missing(field);
    return text;
  }

  bytes(field: string): Uint8Array {
    return readBytes({ value: this.#values.get(field) ?? '', path: this.at(field) });
  }

  requiredBytes(field: string): Uint8Array {
    const bytes = this.bytes(field);
    if (bytes.length === 0) throw this.#missing(field);
    return bytes;
  }

  /** A non-negative int64, zero when absent as protobuf leaves zeros out. */
  natural(field: string): bigint {
    const value = this.#values.get(field) ?? 0;
    const natural = typeof value === 'number' ? naturalOfNumber(value) : naturalOfText(value);
    if (natural === undefined) {
      throw new BundleError(
        'INTEGER',
        this.at(field),
        'want a non-negative int64, as decimal text or safe number',
      );
    }
    return natural;
  }

  /** An enum by name or number; `names` gives the number of each name. */
  enumName<Name extends string>(field: string, names: Readonly<Record<Name, number>>): Name {
    const value = this.#values.get(field);
    if (value === undefined) throw this.#missing(field);
    const known = Object.keys(names) as Name[];
    const name = known.find((candidate) => candidate === value || names[candidate] === value);
    if (name === undefined) throw new BundleError('ENUM', this.at(field), `want one of ${known.join(', ')}`);
    return name;
  }

  #missing(field: string): BundleError {
    return new BundleError('MISSING', this.at(field), 'is required');
  }
}

/** @throws BundleError TYPE or BASE64 */
export function readBytes({ value, path }: Located): Uint8Array {
  if (typeof value !== 'string')
    throw new BundleError('TYPE', path, `got ${typeOf(value)}, want base64 text`);
  try {
    return decodeBase64Lenient(value);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new BundleError('BASE64', path, cause.message, { cause });
  }
}

function collect(object: JsonObject, path: string, fields: readonly string[]): Map<string, JsonValue> {
  const values = new Map<string, JsonValue>();
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(object)) {
    const field = fields.find((known) => known === name || originalName(known) === name);
    if (field === undefined) {
      throw new BundleError('UNKNOWN_FIELD', path, `unknown field ${JSON.stringify(name.slice(0, 64))}`);
    }
    if (seen.has(field)) throw new BundleError('DUPLICATE_FIELD', path, `${field} is given in two spellings`);
    seen.add(field);
    if (value !== null) values.set(field, value);
  }
  return values;
}

/** Of our own field names only, so there are as many as messages have. */
const originalNames = new Map<string, string>();

/** The field's name in the .proto file. */
function originalName(field: string): string {
  const known = originalNames.get(field);
  if (known !== undefined) return known;
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  originalNames.set(field, name);
  return name;
}

function naturalOfNumber(value: number): bigint | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
}

function naturalOfText(value: JsonValue): bigint | undefined {
  if (typeof value !== 'string' || !DECIMAL.test(value)) return undefined;
  const natural = BigInt(value);
  return natural <= MAX_INT64 ? natural : undefined;
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

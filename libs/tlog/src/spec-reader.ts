import {
  decodeBase64,
  EncodingError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;

export interface ListBounds {
  readonly min: number;
  readonly max: number;
}

/**
 * One object inside an entry's spec, read field by field. Null counts as absent, an empty text or list as missing where a
 * value is required, and unknown fields are never looked at: as go-openapi does. Every refusal is a TlogError SPEC with the
 * dotted path of the field.
 */
export class SpecReader {
  readonly #value: JsonObject;
  readonly #path: string;

  private constructor(value: JsonObject, path: string) {
    this.#value = value;
    this.#path = path;
  }

  static of(spec: JsonValue): SpecReader {
    return new SpecReader(asObject(spec, 'spec'), '');
  }

  /** Dotted path of a field of this object. */
  at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  object(name: string): SpecReader {
    return this.optionalObject(name) ?? this.#missing(name);
  }

  optionalObject(name: string): SpecReader | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    return new SpecReader(asObject(value, this.at(name)), this.at(name));
  }

  text(name: string, maxLength: number): string {
    return this.optionalText(name, maxLength) ?? this.#missing(name);
  }

  /** Undefined when absent or empty. */
  optionalText(name: string, maxLength: number): string | undefined {
    const value = this.#own(name);
    return value === undefined ? undefined : asText(value, this.at(name), maxLength);
  }

  /** Standard padded base64. */
  bytes(name: string, maxLength: number): Uint8Array {
    return this.optionalBytes(name, maxLength) ?? this.#missing(name);
  }

  optionalBytes(name: string, maxLength: number): Uint8Array | undefined {
    const text = this.optionalText(name, maxLength);
    return text === undefined ? undefined : asBytes(text, this.at(name));
  }

  byteList(name: string, bounds: ListBounds, maxLength: number): Uint8Array[] {
    return this.#list(name, bounds).map((item, i) => {
      const field = `${this.at(name)}.${i}`;
      const text = asText(item, field, maxLength);
      if (text === undefined) throw required(field);
      return asBytes(text, field);
    });
  }

  objectList(name: string, bounds: ListBounds): SpecReader[] {
    return this.#list(name, bounds).map((item, i) => {
      const field = `${this.at(name)}.${i}`;
      return new SpecReader(asObject(item, field), field);
    });
  }

  has(name: string): boolean {
    const value = this.#own(name);
    return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  }

  #list(name: string, { min, max }: ListBounds): JsonValue[] {
    const field = this.at(name);
    const value = this.#own(name) ?? this.#missing(name);
    if (!Array.isArray(value)) throw wrongType(field, 'array');
    if (value.length < min) throw broken(field, `should have at least ${min} items`);
    if (value.length > max) throw broken(field, `should have at most ${max} items`);
    return value;
  }

  #own(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined;
  }

  #missing(name: string): never {
    throw required(this.at(name));
  }
}

function asObject(value: JsonValue, field: string): JsonObject {
  if (!isJsonObject(value)) throw wrongType(field, 'object');
  return value;
}

function asText(value: JsonValue, field: string, maxLength: number): string | undefined {
  if (value === '') return undefined;
  if (typeof value !== 'string') throw wrongType(field, 'string');
  if (value.length > maxLength) throw broken(field, `should be at most ${maxLength} chars long`);
  // Half a character has no UTF-8 form: what is hashed would not be what was sent.
  if (LONE_SURROGATE.test(value)) throw broken(field, 'must be well-formed Unicode');
  return value;
}

function asBytes(text: string, field: string): Uint8Array {
  try {
    // Go's decoder skips line breaks, so Rekor takes what `base64` wraps at 76 columns.
    return decodeBase64(text.replace(/[\r\n]/g, ''));
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${field} in body must be of type byte`, { cause, field });
  }
}

function required(field: string): TlogError {
  return broken(field, 'is required');
}

function wrongType(field: string, type: string): TlogError {
  return broken(field, `must be of type ${type}`);
}

function broken(field: string, rule: string): TlogError {
  return new TlogError('SPEC', `${field} in body ${rule}`, { field });
}

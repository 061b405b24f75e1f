import {
  decodeBase64Lenient,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonValue,
} from '@sigstead/encoding';
import { TrustError } from './errors.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 1024;
const MAX_CHARACTERS = 2048;

/** @throws TrustError JSON or LIMIT */
export function parseDocument(json: Uint8Array | string): JsonValue {
  try {
    return parseJson(json, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH, uniqueMembers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TrustError(cause.code === 'LIMIT' ? 'LIMIT' : 'JSON', cause.message, { cause });
  }
}

/**
 * One message of proto3 JSON as the Go clients read it: unknown fields are refused, null is absent, names in
 * lowerCamelCase only.
 */
export class MessageReader {
  readonly path: string;
  readonly #fields: ReadonlyMap<string, JsonValue>;

  /**
   * @param path of the message; empty for the document
   * @param known names of all fields of the message
   * @throws TrustError FIELD when it is no object, UNKNOWN_FIELD
   */
  constructor(value: JsonValue, path: string, known: readonly string[]) {
    this.path = path;
    if (!isJsonObject(value)) throw new TrustError('FIELD', 'is not an object', { path });
    for (const name of Object.keys(value)) {
      if (!known.includes(name))
        throw new TrustError('UNKNOWN_FIELD', 'is not a known field', { path: this.at(shorten(name)) });
    }
    this.#fields = new Map(Object.entries(value).filter(([, field]) => field !== null));
  }

  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** @throws TrustError MISSING_FIELD */
  required(name: string): JsonValue {
    const value = this.#fields.get(name);
    if (value === undefined) throw new TrustError('MISSING_FIELD', 'is missing', { path: this.at(name) });
    return value;
  }

  /** Empty when absent, as proto3 has it. */
  string(name: string): string {
    const value = this.#fields.get(name) ?? '';
    if (typeof value !== 'string') throw new TrustError('FIELD', 'is not a string', { path: this.at(name) });
    if (value.length > MAX_CHARACTERS) {
      throw new TrustError('LIMIT', `has ${value.length} characters, at most ${MAX_CHARACTERS} are taken`, {
        path: this.at(name),
      });
    }
    return value;
  }

  /** Base64 in either alphabet; must be there and not empty. */
  bytes(name: string): Uint8Array {
    const value = this.required(name);
    if (typeof value !== 'string') throw new TrustError('FIELD', 'is not a string', { path: this.at(name) });
    const bytes = decode(value, this.at(name));
    if (bytes.length === 0) throw new TrustError('MISSING_FIELD', 'is empty', { path: this.at(name) });
    return bytes;
  }

  /** A uint32 as number or text; 0 when absent. */
  uint32(name: string): number {
    const value = this.#fields.get(name) ?? 0;
    const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
      throw new TrustError('FIELD', 'is not an integer from 0 to 2^32 - 1', { path: this.at(name) });
    }
    return number;
  }

  /** An enum value by name or number, undefined when absent. */
  enum(name: string): string | number | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || typeof value === 'string' || typeof value === 'number') return value;
    throw new TrustError('FIELD', 'is neither the name nor the number of an enum value', {
      path: this.at(name),
    });
  }

  /** Elements of a repeated field with their paths; none when absent. */
  list<T>(name: string, read: (value: JsonValue, path: string) => T): T[] {
    const value = this.#fields.get(name) ?? [];
    if (!Array.isArray(value)) throw new TrustError('FIELD', 'is not an array', { path: this.at(name) });
    if (value.length > MAX_ELEMENTS) {
      throw new TrustError('LIMIT', `has ${value.length} elements, at most ${MAX_ELEMENTS} are taken`, {
        path: this.at(name),
      });
    }
    return value.map((element, i) => read(element, `${this.at(name)}[${i}]`));
  }

  /** A message field, which must be there. */
  message(name: string, known: readonly string[]): MessageReader {
    return new MessageReader(this.required(name), this.at(name), known);
  }

  /** A message field, undefined when absent. */
  optionalMessage(name: string, known: readonly string[]): MessageReader | undefined {
    return this.has(name) ? this.message(name, known) : undefined;
  }

  /** @throws TrustError MEDIA_TYPE */
  assertMediaType(want: string): void {
    const got = this.string('mediaType');
    if (got !== want) {
      throw new TrustError('MEDIA_TYPE', `media type "${shorten(got)}", want ${want}`, {
        path: this.at('mediaType'),
      });
    }
  }
}

function decode(text: string, path: string): Uint8Array {
  try {
    return decodeBase64Lenient(text);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TrustError('BASE64', cause.message, { cause, path });
  }
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

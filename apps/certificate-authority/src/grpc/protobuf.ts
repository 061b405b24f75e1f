import { concatBytes, decodeUtf8, EncodingError, encodeUtf8 } from '@sigstead/encoding';
import { IssuanceError } from '../issuance-error.ts';

/** Of known messages the longest has eight; unknown ones are skipped, but not without end. */
const MAX_FIELDS = 100;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/** Wire types (protobuf encoding, "Message Structure"); 3 and 4 are groups, which proto3 does not have. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** Of a length-delimited field; empty for numbers, which no request here has a use for. */
  readonly content: Uint8Array;
}

/**
 * One message in protobuf's binary form, read strictly: truncated or overlong numbers, groups, text that is no UTF-8 and known
 * fields of another type are refused, unknown fields are skipped. Each method throws IssuanceError REQUEST.
 */
export class ProtobufReader {
  readonly #fields: readonly Field[];
  readonly #path: string;

  /** @param path name of the message in errors */
  constructor(bytes: Uint8Array, path: string) {
    this.#path = path;
    this.#fields = [...readFields(bytes, path)];
  }

  has(number: number): boolean {
    return this.#fields.some((field) => field.number === number);
  }

  /** Absent is empty; given twice, the last one counts. */
  bytes(number: number, name: string): Uint8Array {
    return this.#contents(number, name).at(-1) ?? new Uint8Array();
  }

  string(number: number, name: string): string {
    try {
      return decodeUtf8(this.bytes(number, name));
    } catch (cause) {
      if (!(cause instanceof EncodingError)) throw cause;
      throw new IssuanceError('REQUEST', `${this.#nameOf(name)}: ${cause.message}`, { cause });
    }
  }

  /** Absent is empty; given twice, the parts are merged, which is what their concatenation means. */
  message(number: number, name: string): ProtobufReader {
    return new ProtobufReader(concatBytes(...this.#contents(number, name)), this.#nameOf(name));
  }

  #contents(number: number, name: string): Uint8Array[] {
    return this.#fields
      .filter((field) => field.number === number)
      .map(({ wireType, content }) => {
        if (wireType === LENGTH_DELIMITED) return content;
        throw new IssuanceError('REQUEST', `${this.#nameOf(name)}: wire type ${wireType}, want 2`);
      });
  }

  #nameOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function* readFields(bytes: Uint8Array, path: string): Generator<Field> {
  const refuse = (reason: string): never => {
    throw new IssuanceError('REQUEST', `${path === '' ? 'request' : path}: malformed protobuf: ${reason}`);
  };
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const octet = bytes[at++];
      if (octet === undefined) return refuse('it ends within a number');
      // Beyond 2^53 the value is inexact, and refused or skipped by whoever asked.
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
    return refuse('a number has more than ten octets');
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) return refuse(`${length} octets announced, ${bytes.length - at} left`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const content = (wireType: number): Uint8Array => {
    switch (wireType) {
      case VARINT:
        varint();
        return new Uint8Array();
      case FIXED64:
        return take(8).subarray(8);
      case LENGTH_DELIMITED:
        return take(varint());
      case FIXED32:
        return take(4).subarray(4);
      default:
        return refuse(`wire type ${wireType}`);
    }
  };
  for (let count = 0; at < bytes.length; count++) {
    if (count === MAX_FIELDS) refuse(`more than ${MAX_FIELDS} fields`);
    const key = varint();
    const number = Math.floor(key / 8);
    if (number < 1 || number > MAX_FIELD_NUMBER) refuse(`field number ${number}`);
    const wireType = key % 8;
    yield { number, wireType, content: content(wireType) };
  }
}

/** A length-delimited field: text, bytes or a message. */
export function protobufField(number: number, content: Uint8Array | string): Uint8Array {
  const octets = typeof content === 'string' ? encodeUtf8(content) : content;
  return concatBytes(varintOf(number * 8 + LENGTH_DELIMITED), varintOf(octets.length), octets);
}

/** A number, enumeration value or truth value. */
export function protobufNumber(number: number, value: number): Uint8Array {
  return concatBytes(varintOf(number * 8 + VARINT), varintOf(value));
}

/** @param value below 2^32 */
function varintOf(value: number): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets.push((rest & 0x7f) | 0x80);
  return Uint8Array.of(...octets, rest);
}

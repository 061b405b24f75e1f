import { decodeUtf8 } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { tags } from './der-tags.ts';

/** One element: identifier octet, content octets, and both with the length (`raw`). Views, not copies. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

/**
 * Cursor over DER (X.690 section 10): definite minimal lengths, single-octet tags, minimal INTEGERs, BOOLEAN 00 or
 * FF. It never recurses: the caller descends, so depth is bounded by the caller's own grammar.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Identifier octet of the next element, -1 at the end. */
  get tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** The next element, whatever its tag. */
  element(): DerElement {
    const start = this.#at;
    const tag = this.#octet('an identifier');
    if ((tag & 0x1f) === 0x1f) throw malformed('multi-octet tags are not used here');
    const length = this.#length();
    const from = this.#at;
    if (length > this.#bytes.length - from) {
      throw malformed(`element of ${length} octets, only ${this.#bytes.length - from} left`);
    }
    this.#at = from + length;
    return {
      tag,
      content: this.#bytes.subarray(from, this.#at),
      raw: this.#bytes.subarray(start, this.#at),
    };
  }

  /** Content of the next element, which must have this tag. */
  read(tag: number): Uint8Array {
    if (this.tag !== tag) throw malformed(`tag ${describe(this.tag)}, want ${describe(tag)}`);
    return this.element().content;
  }

  /** Cursor over the content of the next element, which must have this (constructed) tag. */
  constructed(tag: number): DerReader {
    return new DerReader(this.read(tag));
  }

  sequence(): DerReader {
    return this.constructed(tags.sequence);
  }

  set(): DerReader {
    return this.constructed(tags.set);
  }

  /** Cursor into `[n] EXPLICIT` when that comes next, else undefined and nothing is read. */
  explicit(n: number): DerReader | undefined {
    return this.tag === (tags.contextConstructed | n) ? this.constructed(this.tag) : undefined;
  }

  integer(): bigint {
    const bytes = this.integerBytes();
    let value = (bytes[0] as number) & 0x80 ? -1n : 0n;
    for (const byte of bytes) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /** Two's complement content of an INTEGER, checked to be minimal. */
  integerBytes(): Uint8Array {
    const bytes = this.read(tags.integer);
    const first = bytes[0];
    if (first === undefined) throw malformed('INTEGER without content');
    const second = bytes[1];
    if (second !== undefined && ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw malformed('INTEGER is not minimal');
    }
    return bytes;
  }

  /** Dotted form; at most 128 arcs, each below 2^53 (longer arcs would not survive a JavaScript number). */
  oid(): string {
    return decodeOid(this.read(tags.objectIdentifier));
  }

  bitString(): { unused: number; bytes: Uint8Array } {
    const content = this.read(tags.bitString);
    const unused = content[0];
    const bytes = content.subarray(1);
    if (unused === undefined || unused > 7 || (unused > 0 && bytes.length === 0)) {
      throw malformed('BIT STRING with a wrong count of unused bits');
    }
    if (unused > 0 && ((bytes[bytes.length - 1] as number) & ((1 << unused) - 1)) !== 0) {
      throw malformed('BIT STRING with unused bits set');
    }
    return { unused, bytes };
  }

  octetString(): Uint8Array {
    return this.read(tags.octetString);
  }

  boolean(): boolean {
    const content = this.read(tags.boolean);
    if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) {
      throw malformed('BOOLEAN is neither 00 nor FF');
    }
    return content[0] === 0xff;
  }

  null(): void {
    if (this.read(tags.null).length !== 0) throw malformed('NULL with content');
  }

  /** UTF8String, PrintableString or IA5String. */
  text(): string {
    const { tag, content } = this.element();
    if (tag === tags.utf8String) return decodeUtf8(content);
    if (tag !== tags.printableString && tag !== tags.ia5String) {
      throw malformed(`tag ${describe(tag)}, want a UTF8String, PrintableString or IA5String`);
    }
    if (content.some((byte) => byte > 0x7f)) throw malformed('string with octets above 7F');
    return decodeUtf8(content);
  }

  /** UTCTime (1950 to 2049) or GeneralizedTime without fraction, both in Z (RFC 5280 section 4.1.2.5). */
  time(): Date {
    const { tag, content } = this.element();
    const text = decodeUtf8(content);
    if (tag === tags.utcTime) return parseTime(text, /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/);
    if (tag === tags.generalizedTime) return parseTime(text, /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/);
    throw malformed(`tag ${describe(tag)}, want a UTCTime or GeneralizedTime`);
  }

  /** Must stand at the end: trailing data is an error. */
  end(): void {
    if (!this.done) throw malformed(`${this.#bytes.length - this.#at} octets of trailing data`);
  }

  #octet(what: string): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw malformed(`data ends where ${what} is wanted`);
    this.#at++;
    return octet;
  }

  #length(): number {
    const first = this.#octet('a length');
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed('indefinite or oversized length');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet('a length');
    if (length < 0x80 || length < 256 ** (count - 1)) throw malformed('length is not minimal');
    return length;
  }
}

const MAX_ARCS = 128;

function decodeOid(content: Uint8Array): string {
  const arcs: number[] = [];
  let value = 0;
  let started = false;
  for (const octet of content) {
    if (!started && octet === 0x80) throw malformed('OBJECT IDENTIFIER arc is not minimal');
    if (value > (Number.MAX_SAFE_INTEGER - 127) / 128) throw malformed('OBJECT IDENTIFIER arc is too large');
    value = value * 128 + (octet & 0x7f);
    started = (octet & 0x80) !== 0;
    if (started) continue;
    if (arcs.length === MAX_ARCS) throw malformed(`OBJECT IDENTIFIER has more than ${MAX_ARCS} arcs`);
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(value / 40), 2);
      arcs.push(first, value - first * 40);
    } else {
      arcs.push(value);
    }
    value = 0;
  }
  if (arcs.length === 0 || started) throw malformed('OBJECT IDENTIFIER is cut short');
  return arcs.join('.');
}

function parseTime(text: string, pattern: RegExp): Date {
  const parts = pattern.exec(text)?.slice(1).map(Number);
  if (parts === undefined) throw malformed('time is not in the whole-second Z form');
  const [yearDigits, month, day, hour, minute, second] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const year = pattern.source.startsWith('^(\\d{4})')
    ? yearDigits
    : yearDigits + (yearDigits < 50 ? 2000 : 1900);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!same) throw malformed('time does not exist in the calendar');
  return date;
}

function describe(tag: number): string {
  return tag < 0 ? 'none' : `0x${tag.toString(16).padStart(2, '0')}`;
}

function malformed(what: string): EncodingError {
  return new EncodingError('DER', `DER: ${what}`);
}

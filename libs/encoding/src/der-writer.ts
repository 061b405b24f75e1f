import { compareBytes, concatBytes, encodeUtf8 } from './bytes.ts';
import { tags } from './der-tags.ts';
import { EncodingError } from './errors.ts';

/** Any element: identifier octet, minimal length, the contents one after the other. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of content) length += part.length;
  const header = lengthOctets(length);
  const element = new Uint8Array(1 + header.length + length);
  element[0] = tag;
  element.set(header, 1);
  let at = 1 + header.length;
  for (const part of content) {
    element.set(part, at);
    at += part.length;
  }
  return element;
}

export function derSequence(...content: readonly Uint8Array[]): Uint8Array {
  return der(tags.sequence, ...content);
}

/** SET OF: the elements in ascending order of their encodings (X.690 section 11.6). */
export function derSet(...content: readonly Uint8Array[]): Uint8Array {
  return der(tags.set, ...[...content].sort(compareBytes));
}

/** `[n] EXPLICIT`, 0 <= n <= 30. */
export function derExplicit(n: number, ...content: readonly Uint8Array[]): Uint8Array {
  return der(tags.contextConstructed | n, ...content);
}

/** INTEGER of a bigint, or of an unsigned big-endian number (leading zeros allowed). */
export function derInteger(value: bigint | Uint8Array): Uint8Array {
  return der(tags.integer, typeof value === 'bigint' ? twosComplement(value) : unsigned(value));
}

/** OBJECT IDENTIFIER from the dotted form. */
export function derOid(dotted: string): Uint8Array {
  if (!/^[012](\.(0|[1-9]\d{0,14}))+$/.test(dotted))
    throw new EncodingError('DER', 'want a dotted OBJECT IDENTIFIER');
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  if (first < 2 && second > 39) throw new EncodingError('DER', 'second arc of an OBJECT IDENTIFIER above 39');
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const base128 = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      base128.unshift((left % 128) | 0x80);
    octets.push(...base128);
  }
  return der(tags.objectIdentifier, Uint8Array.from(octets));
}

export function derBitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(tags.bitString, Uint8Array.of(unused), bytes);
}

export function derOctetString(...content: readonly Uint8Array[]): Uint8Array {
  return der(tags.octetString, ...content);
}

export function derBoolean(value: boolean): Uint8Array {
  return der(tags.boolean, Uint8Array.of(value ? 0xff : 0x00));
}

export function derNull(): Uint8Array {
  return der(tags.null);
}

export function derUtf8String(text: string): Uint8Array {
  return der(tags.utf8String, encodeUtf8(text));
}

export function derPrintableString(text: string): Uint8Array {
  if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)) {
    throw new EncodingError('DER', 'character outside the PrintableString alphabet');
  }
  return der(tags.printableString, encodeUtf8(text));
}

export function derIa5String(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  if (bytes.some((byte) => byte > 0x7f))
    throw new EncodingError('DER', 'character outside IA5String (ASCII)');
  return der(tags.ia5String, bytes);
}

/** UTCTime, whole seconds, 1950 to 2049. Milliseconds are cut off. */
export function derUtcTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 2049)) throw new EncodingError('DER', 'UTCTime holds the years 1950 to 2049');
  return der(tags.utcTime, encodeUtf8(timeDigits(date).slice(2)));
}

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 (or before 1950). */
export function derTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year <= 2049 ? derUtcTime(date) : derGeneralizedTime(date);
}

/** GeneralizedTime, whole seconds, years 0 to 9999. Milliseconds are cut off. */
export function derGeneralizedTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new EncodingError('DER', 'time outside the years 0 to 9999');
  return der(tags.generalizedTime, encodeUtf8(timeDigits(date)));
}

function timeDigits(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

function unsigned(value: Uint8Array): Uint8Array {
  let from = 0;
  while (from < value.length - 1 && value[from] === 0) from++;
  const digits = value.subarray(from);
  if (digits.length === 0) return Uint8Array.of(0);
  return (digits[0] as number) & 0x80 ? concatBytes(Uint8Array.of(0), digits) : digits;
}

function twosComplement(value: bigint): Uint8Array {
  const octets: number[] = [];
  let left = value;
  for (;;) {
    const octet = Number(left & 0xffn);
    octets.unshift(octet);
    left >>= 8n;
    if ((left === 0n && octet < 0x80) || (left === -1n && octet >= 0x80)) return Uint8Array.from(octets);
  }
}

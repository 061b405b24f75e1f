import { decodeUtf8 } from './bytes.ts';
import { EncodingError } from './errors.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export interface JsonLimits {
  readonly maxBytes: number;
  /** Nesting of objects and arrays, 32 unless told. */
  readonly maxDepth?: number;
  /** Of all values together, counted by brackets and commas; unbounded unless told. Small ones cost most per byte. */
  readonly maxValues?: number;
  /** Refuses an object with one member twice: of those `JSON.parse` keeps the last, other readers the first. */
  readonly uniqueMembers?: boolean;
  /** Refuses numbers that would come out as another value when written again. */
  readonly exactNumbers?: boolean;
}

/**
 * JSON text (RFC 8259), bounded before it is parsed: size first, then nesting and values in one pass over the text.
 * `__proto__` stays an ordinary own key, as JSON.parse leaves it.
 *
 * @throws EncodingError LIMIT too large, too deep or too many, UTF8 on invalid bytes, JSON on anything malformed
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits): JsonValue {
  if (input.length > limits.maxBytes) {
    throw new EncodingError('LIMIT', `JSON of ${input.length} bytes, at most ${limits.maxBytes} are taken`);
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  const members = assertStructure(text, limits.maxDepth ?? 32, limits.maxValues ?? Infinity);
  const value = parse(text);
  if (limits.uniqueMembers === true && countMembers(value) !== members)
    throw new EncodingError('JSON', 'malformed JSON: an object has the same member twice');
  if (limits.exactNumbers === true) assertExactNumbers(text);
  return value;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    // The engine's message can quote the input, which may hold a token: only the position is passed on.
    const position = /position (\d+)/.exec(String(cause))?.[1];
    throw new EncodingError(
      'JSON',
      `malformed JSON${position === undefined ? '' : ` at position ${position}`}`,
    );
  }
}

/** Whether the value is a JSON object (neither null nor an array). */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns colons outside of strings: in well-formed JSON there is one for every member */
function assertStructure(text: string, maxDepth: number, maxValues: number): number {
  let depth = 0;
  let values = 1;
  let members = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) {
      inString = true;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) throw new EncodingError('LIMIT', `JSON nested deeper than ${maxDepth}`);
      values++;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    } else if (unit === 0x2c) {
      values++;
    } else if (unit === 0x3a) {
      members++;
    }
    if (values > maxValues) throw new EncodingError('LIMIT', `JSON of more than ${maxValues} values`);
  }
  return members;
}

function countMembers(value: JsonValue): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMembers(item), 0);
  if (!isJsonObject(value)) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + 1 + countMembers(member), 0);
}

/** The rest of a number from where it starts. */
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** @param text well-formed JSON */
function assertExactNumbers(text: string): void {
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString && unit === 0x5c) at++;
    else if (unit === 0x22) inString = !inString;
    if (inString || !(unit === 0x2d || (unit >= 0x30 && unit <= 0x39))) continue;
    NUMBER.lastIndex = at;
    const token = NUMBER.exec(text)?.[0] ?? '';
    if (decimalOf(token) !== decimalOf(String(Number(token))))
      throw new EncodingError(
        'JSON',
        `number at position ${at} has more digits than are kept, want it as text`,
      );
    at += token.length - 1;
  }
}

/** One spelling for every value: digits without zeros at either end, and a power of ten. */
function decimalOf(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(token) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return whole === '' ? token : '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

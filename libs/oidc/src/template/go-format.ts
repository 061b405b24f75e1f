import type { JsonValue } from '@sigstead/encoding';

/**
 * A JSON value as Go's `%v` prints it once decoded into `any`: whole collections in brackets, keys in byte order.
 */
export function formatValue(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return formatGeneral(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  return formatMap(Object.keys(value), (key) => formatValue(value[key] ?? null));
}

/** `map[a:1 b:2]`; keys in the order of their UTF-8 bytes. */
export function formatMap(keys: readonly string[], format: (key: string) => string): string {
  const pairs = [...keys].sort(compareUtf8).map((key) => `${key}:${format(key)}`);
  return `map[${pairs.join(' ')}]`;
}

/** Order of Go strings. UTF-16 units order the same but for surrogates, which stand above U+E000. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A claim as Fulcio flattens it: numbers with a fraction never in exponent form, everything else as `%v`. */
export function formatClaim(value: JsonValue): string {
  return typeof value === 'number' && !Number.isInteger(value) ? formatDecimal(value) : formatValue(value);
}

interface Decimal {
  readonly sign: string;
  /** Shortest digits that identify the number, without leading and trailing zeros. */
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly exponent: number;
}

function decimalOf(value: number): Decimal {
  const [mantissa = '', exponent = ''] = Math.abs(value).toExponential().split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return { sign, digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

/** The first power of ten in exponent form when as many digits as needed are printed (strconv.FormatFloat, 'g', -1). */
const FIRST_EXPONENT_FORM = 6;

/** Go's shortest `%g`: 999999, but 1e+06 and 1.234567e+06. */
function formatGeneral(value: number): string {
  const { sign, digits, exponent } = decimalOf(value);
  if (exponent >= -4 && exponent < FIRST_EXPONENT_FORM) return formatDecimal(value);
  const fraction = digits.length === 1 ? '' : `.${digits.slice(1)}`;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${digits.charAt(0)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
}

function formatDecimal(value: number): string {
  const { sign, digits, exponent } = decimalOf(value);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

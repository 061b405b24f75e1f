import { encodeUtf8 } from '@sigstead/encoding';
import { OidcError, quote } from '../errors.ts';
import { compareUtf8, formatMap } from './go-format.ts';
import type { FunctionName } from './nodes.ts';

/** The values a template works on: the claims, a claim, or what a literal or function makes. */
export type Value = string | number | boolean | null | ReadonlyMap<string, string>;

type Call = (operands: readonly Value[]) => Value;

/** The predefined functions of text/template over these values. `and` and `or` are the evaluator's: they stop early. */
export const functions: Readonly<Record<Exclude<FunctionName, 'and' | 'or'>, Call>> = {
  index,
  eq: (operands) => {
    const [first, ...others] = atLeast(2, 'eq', operands);
    return others.some((other) => isEqual(first as Value, other));
  },
  ne: (operands) => !isEqual(...exactlyTwo('ne', operands)),
  lt: (operands) => compare('lt', operands) < 0,
  le: (operands) => compare('le', operands) <= 0,
  gt: (operands) => compare('gt', operands) > 0,
  ge: (operands) => compare('ge', operands) >= 0,
  not: (operands) => !isTrue(exactly(1, 'not', operands)[0] as Value),
  len: (operands) => lengthOf(exactly(1, 'len', operands)[0] as Value),
  print: (operands) => print(operands),
  printf: (operands) => printf(operands),
};

export function evaluationError(reason: string): OidcError {
  return new OidcError('CLAIM', `template: ${reason}`);
}

/** Whether Go takes the value for true: not empty and not zero. */
export function isTrue(value: Value): boolean {
  if (value instanceof Map) return value.size > 0;
  return value !== '' && value !== 0 && value !== false && value !== null;
}

/** What an action prints. */
export function format(value: Value): string {
  if (value instanceof Map) return formatMap([...value.keys()], (key) => value.get(key) as string);
  return value === null ? '<nil>' : String(value);
}

/** A key the claims do not have yields an empty text, as in Go: only a field is an error then. */
function index(operands: readonly Value[]): Value {
  const [collection, ...keys] = atLeast(1, 'index', operands);
  if (keys.length === 0) return collection as Value;
  const [key] = keys;
  if (!(collection instanceof Map) || typeof key !== 'string' || keys.length > 1)
    throw evaluationError('index takes the claims and one name');
  return collection.get(key) ?? '';
}

function isEqual(a: Value, b: Value): boolean {
  if (!isComparable(a) || !isComparable(b) || typeof a !== typeof b)
    throw evaluationError(`${describe(a)} and ${describe(b)} cannot be compared`);
  return a === b;
}

function isComparable(value: Value): value is string | number | boolean {
  return value !== null && typeof value !== 'object';
}

function compare(name: string, operands: readonly Value[]): number {
  const [a, b] = exactlyTwo(name, operands);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b);
  throw evaluationError(`${describe(a)} and ${describe(b)} have no order`);
}

function lengthOf(value: Value): number {
  if (value instanceof Map) return value.size;
  if (typeof value === 'string') return encodeUtf8(value).length;
  throw evaluationError(`len of ${describe(value)}`);
}

/** fmt.Sprint: a space between two operands of which neither is a text. */
function print(operands: readonly Value[]): string {
  let text = '';
  operands.forEach((operand, at) => {
    const before = operands[at - 1];
    if (at > 0 && typeof before !== 'string' && typeof operand !== 'string') text += ' ';
    text += format(operand);
  });
  return text;
}

const VERB = /%([^])?/g;

/** fmt.Sprintf with %s, %d, %v, %q and %%, without flags, and only where the operand has the right type. */
function printf([pattern, ...operands]: readonly Value[]): string {
  if (typeof pattern !== 'string') throw evaluationError('printf needs a text to start with');
  let used = 0;
  const text = pattern.replace(VERB, (directive, verb: string | undefined) => {
    if (verb === '%') return '%';
    const operand = operands[used++];
    const printed = operand === undefined ? undefined : applyVerb(verb, operand);
    if (printed === undefined)
      throw evaluationError(`printf cannot print ${describe(operand ?? null)} with ${quote(directive)}`);
    return printed;
  });
  if (used < operands.length) throw evaluationError('printf has more values than verbs');
  return text;
}

function applyVerb(verb: string | undefined, operand: Value): string | undefined {
  switch (verb) {
    case 'v':
      return format(operand);
    case 's':
      return typeof operand === 'string' || operand instanceof Map ? format(operand) : undefined;
    case 'd':
      return typeof operand === 'number' ? String(operand) : undefined;
    case 'q':
      return typeof operand === 'string' ? quoteText(operand) : undefined;
    default:
      return undefined;
  }
}

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** strconv.Quote. Go's idea of what can be printed: letters, marks, numbers, punctuation, symbols and the ASCII space. */
function quoteText(text: string): string {
  const quoted = Array.from(text, (character) => {
    if (QUOTED[character] !== undefined) return QUOTED[character];
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
    const code = character.codePointAt(0) as number;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${quoted.join('')}"`;
}

function atLeast(count: number, name: string, operands: readonly Value[]): readonly Value[] {
  if (operands.length < count) throw evaluationError(`${name} needs ${count} values or more`);
  return operands;
}

function exactly(count: number, name: string, operands: readonly Value[]): readonly Value[] {
  if (operands.length !== count)
    throw evaluationError(`${name} needs ${count} values, has ${operands.length}`);
  return operands;
}

function exactlyTwo(name: string, operands: readonly Value[]): [Value, Value] {
  const [a, b] = exactly(2, name, operands);
  return [a as Value, b as Value];
}

function describe(value: Value): string {
  if (value === null) return 'nil';
  if (value instanceof Map) return 'the claims';
  return typeof value === 'string' ? `the text ${quote(value)}` : `the ${typeof value} ${String(value)}`;
}

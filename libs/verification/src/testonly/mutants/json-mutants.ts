import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import type { Mutant } from './mutant.ts';
import { edited, nameOf, partAt, placesOf, type Path } from './places.ts';

/** Words that mean something somewhere in a bundle, and some that mean nothing anywhere. */
const WORDS = [
  '',
  'x',
  '-1',
  '01',
  '1.0',
  '1e3',
  '9223372036854775808',
  'hashedrekord',
  'dsse',
  'intoto',
  'rekord',
  '0.0.1',
  '0.0.2',
  '0.0.3',
  'SHA2_256',
  'SHA2_384',
  'SHA2_512',
  'SHA1',
  'HASH_ALGORITHM_UNSPECIFIED',
  'application/vnd.in-toto+json',
  'application/vnd.dsse.envelope.v1+json',
  'text/plain',
  'AA==',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  '__proto__',
  'toString',
  '\u0000',
];
const NUMBERS = ['0', '1', '9007199254740993', '9223372036854775807'];
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle.v0.4+json',
];
const DECIMAL = /^(?:0|[1-9]\d*)$/;

/**
 * Bundles whose JSON has one part replaced, taken out, repeated, moved, or taken over from another bundle.
 *
 * @param donors sound bundles to take parts from
 * @param every of how many values that could stand in one place one is tried; every kind of change is
 */
export function* jsonMutants(
  json: JsonObject,
  donors: readonly JsonObject[],
  every: number,
): Generator<Mutant> {
  let places = 0;
  for (const { path, value } of placesOf(json) as Generator<{ path: Path; value: JsonValue }>) {
    const first = places++;
    const spot: Spot = {
      path,
      donors,
      some: (values) =>
        values.filter(
          (_, at) => at % Math.min(every, values.length) === first % Math.min(every, values.length),
        ),
      change: (operation, detail, by) => ({
        change: `${nameOf(path)}: ${operation}`,
        detail: (JSON.stringify(detail) ?? '').slice(0, 80),
        make: () => JSON.stringify(edited(json, path, () => by)),
      }),
    };
    if (typeof value === 'string') yield* textChanges(value, spot);
    yield* typeChanges(value, spot);
    if (Array.isArray(value)) yield* listChanges(value, spot);
    if (isJsonObject(value)) yield* objectChanges(value, spot);
  }
}

/** One place of the bundle that is to be changed. */
interface Spot {
  readonly path: Path;
  readonly donors: readonly JsonObject[];
  /** A sample of values. */
  some<T>(values: readonly T[]): T[];
  change(operation: string, detail: unknown, by: unknown): Mutant;
}

function* textChanges(text: string, { path, donors, some, change }: Spot): Generator<Mutant> {
  if (path.at(-1) === 'mediaType') {
    // Of these some may be exchanged for others: each is a change of its own.
    for (const other of MEDIA_TYPES) if (other !== text) yield change(other, '', other);
  }
  const theirs = donors.map((donor) => partAt(donor, path)).filter((part) => typeof part === 'string');
  const own = [
    `${text}A`,
    `A${text}`,
    text.slice(1),
    text.slice(0, -1),
    ` ${text}`,
    `${text}\n`,
    swapCase(text),
  ];
  const others = [...new Set([...WORDS, ...NUMBERS, ...own, ...theirs])].filter(
    (other) => other !== text && !MEDIA_TYPES.includes(other),
  );
  for (const other of some(others.filter((word) => !isInt64(word))))
    yield change('another text', other, other);
  for (const other of some(others.filter(isInt64))) yield change('another number', other, other);
  yield change('half a character', '', '\ud800');
}

function* typeChanges(value: JsonValue, { path, some, change }: Spot): Generator<Mutant> {
  yield change('removed', null, null);
  if (typeof path.at(-1) === 'string') yield change('removed', '', undefined);
  for (const by of some([0, 1, 2, 3])) if (by !== value) yield change('a JSON number', by, by);
  const others = [true, false, -1, 1.5, 2 ** 53, 1e300, '', 'x', [], {}, [value], { value }, [[[[]]]]];
  for (const by of some(others.filter((other) => kindOf(other) !== kindOf(value))))
    yield change('another type', by, by);
}

function* listChanges(list: readonly JsonValue[], { change }: Spot): Generator<Mutant> {
  for (const [at, item] of list.entries()) {
    const [before, after] = [list.slice(0, at), list.slice(at + 1)];
    yield change(`item ${at} dropped`, '', [...before, ...after]);
    yield change(`item ${at} doubled`, '', [...before, item, item, ...after]);
    if (at > 0) yield change('another order', at, [...before.slice(0, -1), item, before.at(-1), ...after]);
  }
  for (const item of [null, {}, '', 0]) yield change('an empty item more', item, [...list, item]);
}

function* objectChanges(object: JsonObject, { path, donors, some, change }: Spot): Generator<Mutant> {
  for (const name of some(['more', '__proto__', 'constructor', 'toString', 'rawBytes', 'ext'])) {
    yield change('an unknown field', name, Object.fromEntries([...Object.entries(object), [name, 'x']]));
  }
  const others = donors.map((donor) => partAt(donor, path)).filter(isJsonPart);
  for (const name of new Set(others.flatMap(Object.keys))) {
    const parts = new Set(
      others.flatMap((other) => (Object.hasOwn(other, name) ? JSON.stringify(other[name]) : [])),
    );
    const isOwn = Object.hasOwn(object, name);
    // Texts and numbers of others are among the values that are tried in place of our own.
    if (isOwn && typeof object[name] !== 'object') continue;
    parts.delete(JSON.stringify(object[name]));
    for (const part of isOwn ? some([...parts]) : parts) {
      const changed = { ...object, [name]: JSON.parse(part) as JsonValue };
      yield change(`${name} ${isOwn ? 'of' : 'added from'} another bundle`, part, changed);
    }
  }
}

function isJsonPart(part: unknown): part is JsonObject {
  return isJsonObject(part as JsonValue);
}

function isInt64(word: string): boolean {
  return DECIMAL.test(word) && BigInt(word) < 1n << 63n;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function swapCase(text: string): string {
  return [...text]
    .map((unit) => (unit === unit.toUpperCase() ? unit.toLowerCase() : unit.toUpperCase()))
    .join('');
}

import type { Mutant } from './mutant.ts';
import { noteWithOtherSignatures, otherSignature } from './other-signature.ts';
import { edited, nameOf, placesOf, type Path } from './places.ts';

/** Discriminants of our own types, and what the parser makes of the media type: they have no field of their own in a bundle. */
const NOT_FIELDS = new Set(['kind', 'version', 'mediaType', 'digestAlgorithm']);
const ENTRY_KIND = /tlogEntries\[\d+\]\.kind$/;

/**
 * Values of a parsed bundle, or of another form of a signature, changed in the smallest ways there are: one bit of bytes and numbers, one character of texts.
 *
 * @param every of how many bits or characters one is changed; no field is left out
 */
export function* valueMutants<T>(whole: T, every: number): Generator<Mutant<T>> {
  let fields = 0;
  for (const { path, value } of placesOf(whole)) {
    const field = nameOf(path);
    if (NOT_FIELDS.has(String(path.at(-1))) && !ENTRY_KIND.test(field)) continue;
    const make = (changed: unknown) => () => edited(whole, path, () => changed);
    const first = fields++;
    if (value instanceof Uint8Array) yield* byteMutants(field, value, make, { first, every });
    else if (typeof value === 'bigint') yield* integerMutants(field, value, make, { first, every });
    else if (typeof value === 'string') yield* textMutants(field, path, value, make, { first, every });
  }
}

type Make<T> = (changed: unknown) => () => T;

interface Sampling {
  /** Where counting starts, so that fields are not all sampled at the same bits. */
  readonly first: number;
  readonly every: number;
}

function* byteMutants<T>(
  field: string,
  bytes: Uint8Array,
  make: Make<T>,
  sampling: Sampling,
): Generator<Mutant<T>> {
  for (const bit of sample(bytes.length * 8, sampling)) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    yield { change: `${field}: a bit`, detail: `bit ${bit}`, make: make(flipped) };
  }
  const change = `${field}: the length`;
  yield { change, detail: 'cut', make: make(bytes.slice(0, -1)) };
  yield { change, detail: 'cut in front', make: make(bytes.slice(1)) };
  yield { change, detail: 'empty', make: make(new Uint8Array()) };
  yield { change, detail: 'longer', make: make(Uint8Array.of(...bytes, 0)) };
  const other = otherSignature(bytes);
  if (other !== undefined) yield { change: `${field}: s for n - s`, detail: '', make: make(other) };
}

function* integerMutants<T>(
  field: string,
  value: bigint,
  make: Make<T>,
  sampling: Sampling,
): Generator<Mutant<T>> {
  const change = `${field}: the number`;
  const others = [0n, value - 1n, value + 1n, value + (1n << 53n), value + (1n << 64n)];
  for (const bit of sample(63, sampling)) others.push(value ^ (1n << BigInt(bit)));
  for (const other of others) if (other >= 0n) yield { change, detail: `${other}`, make: make(other) };
}

function* textMutants<T>(
  field: string,
  path: Path,
  text: string,
  make: Make<T>,
  sampling: Sampling,
): Generator<Mutant<T>> {
  const isNote = path.at(-1) === 'checkpoint';
  const other = isNote ? noteWithOtherSignatures(text) : undefined;
  if (other !== undefined) yield { change: `${field}: s for n - s`, detail: '', make: make(other) };
  for (const at of sample(text.length, sampling)) {
    const change = `${field}: a character${isNote ? ` of ${noteRegion(text, at)}` : ''}`;
    const [before, unit, after] = [text.slice(0, at), text[at] as string, text.slice(at + 1)];
    for (const other of otherCharacters(unit)) {
      yield { change, detail: `${JSON.stringify(other)} at ${at}`, make: make(before + other + after) };
    }
  }
}

/** Nothing, itself twice, its neighbours, the other case, and what has a meaning in notes and base64. */
function otherCharacters(unit: string): string[] {
  const code = unit.charCodeAt(0);
  const neighbours = [String.fromCharCode(code - 1), String.fromCharCode(code + 1)];
  const cases = [unit.toLowerCase(), unit.toUpperCase()];
  const others = ['', unit + unit, ...neighbours, ...cases, '0', 'A', '=', ' ', '\n', '\u2014', '\ud800'];
  return others.filter((other) => other !== unit);
}

/** Which part of a signed note a character stands in. */
function noteRegion(note: string, at: number): string {
  const split = note.lastIndexOf('\n\n') + 2;
  if (at < split) return 'the text';
  return `line ${note.slice(split, at).split('\n').length}`;
}

function* sample(length: number, { first, every }: Sampling): Generator<number> {
  for (let at = first % Math.max(1, Math.min(every, length)); at < length; at += every) yield at;
}

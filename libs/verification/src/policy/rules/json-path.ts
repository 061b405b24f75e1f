import type { JsonValue } from '@sigstead/encoding';
import { invalid } from '../rule.ts';

/** One step into a value: the member of that name, the element at that place, or every one of them. */
export type PathSegment = string | number | typeof EVERY;

export const EVERY = Symbol('every');

export const MAX_PATH_LENGTH = 512;
const MAX_SEGMENTS = 16;
const MAX_EVERY = 3;
/** Values one path may lead to: what bounds the work of a rule on somebody's attestation. */
export const MAX_SELECTED = 20_000;

const SEGMENT =
  /(?:^|(?!^)\.)([A-Za-z0-9_$@-]+)|\[(\*)\]|\[(0|[1-9][0-9]{0,8})\]|\["((?:[^"\\]|\\["\\])*)"\]/y;

/**
 * Reads a path. Names are joined by dots, other names stand in brackets and quotes, as do indexes and `*` without quotes:
 *
 *     path    = name *( "." name / "[" index "]" / "[*]" / "[" quoted "]" )
 *     name    = 1*( ALPHA / DIGIT / "_" / "$" / "@" / "-" )
 *     quoted  = DQUOTE *( any but DQUOTE and "\" / "\" DQUOTE / "\\" ) DQUOTE
 *
 * @throws PolicyError POLICY_INVALID
 */
export function parsePath(field: string, text: string): readonly PathSegment[] {
  if (text.length > MAX_PATH_LENGTH) {
    throw invalid(field, `${field} has ${text.length} characters, at most ${MAX_PATH_LENGTH} are taken`);
  }
  const segments: PathSegment[] = [];
  for (let at = 0; at < text.length; at = SEGMENT.lastIndex) {
    SEGMENT.lastIndex = at;
    const match = SEGMENT.exec(text);
    if (match === null) throw invalid(field, `${field} cannot be read from character ${at + 1} on`);
    segments.push(segmentOf(match));
  }
  if (segments.length === 0) throw invalid(field, `${field} is empty`);
  if (segments.length > MAX_SEGMENTS) {
    throw invalid(field, `${field} has ${segments.length} parts, at most ${MAX_SEGMENTS} are taken`);
  }
  const wildcards = segments.filter((segment) => segment === EVERY).length;
  if (wildcards > MAX_EVERY)
    throw invalid(field, `${field} has ${wildcards} times [*], at most ${MAX_EVERY}`);
  return segments;
}

/**
 * Every value the path leads to, and undefined for every way that ends before: a list of three of which one lacks the member
 * gives two values and one undefined, so that "all of them" is not met by those that happen to have it.
 *
 * @returns undefined when there are more than {@link MAX_SELECTED}
 */
export function select(
  value: JsonValue,
  path: readonly PathSegment[],
): readonly (JsonValue | undefined)[] | undefined {
  let reached: (JsonValue | undefined)[] = [value];
  for (const segment of path) {
    const next: (JsonValue | undefined)[] = [];
    for (const from of reached) {
      const found = segment === EVERY ? childrenOf(from) : [childOf(from, segment)];
      if (next.length + found.length > MAX_SELECTED) return undefined;
      for (const one of found) next.push(one);
    }
    reached = next;
  }
  return reached;
}

/**
 * Whether the value is of the form that the path is about: what stands before the first {@link EVERY}, or else before the last segment, is
 * there and has parts. An empty list is of the form, and so is the null that some programs write for one; what each element has or lacks
 * is not asked.
 */
export function hasForm(value: JsonValue, path: readonly PathSegment[]): boolean {
  const every = path.indexOf(EVERY);
  const way = path.slice(0, every < 0 ? -1 : every);
  const [at] = select(value, way) ?? [];
  return typeof at === 'object' && (at !== null || way.length > 0);
}

function segmentOf([, name, every, index, quoted]: RegExpExecArray): PathSegment {
  if (name !== undefined) return name;
  if (every !== undefined) return EVERY;
  return index === undefined ? (quoted ?? '').replace(/\\(["\\])/g, '$1') : Number(index);
}

function childOf(value: JsonValue | undefined, segment: string | number): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return typeof segment === 'number' ? value[segment] : undefined;
  return typeof segment === 'string' && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

/** Elements of a list, values of an object; anything else is a way that ends. */
function childrenOf(value: JsonValue | undefined): readonly (JsonValue | undefined)[] {
  if (typeof value !== 'object' || value === null) return [undefined];
  return Array.isArray(value) ? value : Object.values(value);
}

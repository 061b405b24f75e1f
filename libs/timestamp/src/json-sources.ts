import { malformed } from './errors.ts';

/** A string, a mark of structure, or a run of anything else: number, true, false, null. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/**
 * The members of a JSON object with the text of their values where these are literals (number, string, true, false,
 * null); for objects and arrays it is the opening bracket. `JSON.parse` keeps 53 bits of a number; its text has them all.
 *
 * @param text a JSON object that `JSON.parse` has taken; linear in its length
 * @throws TimestampError MALFORMED when a member stands twice: readers differ in which one they believe
 */
export function topLevelSources(text: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let previous = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (depth === 1 && token === ':') {
      name = JSON.parse(previous) as string;
      if (sources.has(name)) throw malformed('a member of the JSON object stands twice');
    } else if (depth === 1 && previous === ':' && name !== undefined) {
      sources.set(name, token);
    }
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    previous = token;
  }
  return sources;
}

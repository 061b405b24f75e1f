/**
 * Path of the first name that an object of a JSON text has twice: JSON.parse keeps the last one in silence, and a rule that is
 * silently dropped is worse than none.
 *
 * @param text JSON that was parsed without error
 * @returns undefined when all names are unique
 */
export function findDuplicateName(text: string): string | undefined {
  const stack: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = stack.at(-1);
    if (token === '{') stack.push({ names: new Set(), at: '', expectsName: true });
    else if (token === '[') stack.push({ names: undefined, at: 0, expectsName: false });
    else if (token === '}' || token === ']') stack.pop();
    else if (token === ',' && level !== undefined) {
      if (level.names === undefined) level.at = Number(level.at) + 1;
      else level.expectsName = true;
    } else if (token.startsWith('"') && level?.expectsName === true) {
      const name = JSON.parse(token) as string;
      level.at = name;
      level.expectsName = false;
      if (level.names?.has(name) === true) return stack.map(({ at }) => at).join('.');
      level.names?.add(name);
    }
  }
  return undefined;
}

interface Level {
  /** Undefined: a list. */
  readonly names: Set<string> | undefined;
  /** Name or index being read. */
  at: string | number;
  expectsName: boolean;
}

/** Strings and the structure around them; numbers and words need no look. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

import { HttpProblem } from '@sigstead/server';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR_LENGTH = 63;

export interface Page {
  readonly limit: number;
  /** Where the last page ended. */
  readonly after: string | undefined;
}

/** @throws HttpProblem 400 naming the parameter */
export function parsePage(query: Readonly<Record<string, unknown>>): Page {
  const { limit, after } = query;
  if (after !== undefined && (typeof after !== 'string' || !/^[!-~]{1,63}$/.test(after))) {
    throw unusable('after', `is 1 to ${MAX_CURSOR_LENGTH} characters that the last page ended with`);
  }
  return { limit: limit === undefined ? DEFAULT_LIMIT : parseNumber('limit', limit, MAX_LIMIT), after };
}

/** @throws HttpProblem 400 naming the parameter unless it is 1 to `max` */
export function parseNumber(name: string, value: unknown, max: number): number {
  const number = typeof value === 'string' && /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > max) throw unusable(name, `is a number from 1 to ${max}`);
  return number;
}

/** One more than asked for was read: when it is there, there is another page. */
export function cutPage<T>(
  found: readonly T[],
  limit: number,
  cursorOf: (last: T) => string | number,
): {
  readonly items: readonly T[];
  readonly next?: string;
} {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: String(cursorOf(last)) } : { items };
}

function unusable(field: string, message: string): HttpProblem {
  return new HttpProblem(400, `${field} ${message}`, { type: 'invalid-request', field });
}

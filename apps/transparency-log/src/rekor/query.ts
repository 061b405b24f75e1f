import { HttpProblem } from '@sigstead/server';

const MAX_INT64 = (1n << 63n) - 1n;

/** A validation error as go-openapi words it: HTTP 422 with a code of its own in the body. */
export function invalid(code: number, message: string): HttpProblem {
  return new HttpProblem(422, message, { type: 'invalid-request', extra: { code } });
}

/** The last value of a query parameter; an empty one counts as absent. */
export function parameter(url: string, name: string): string | undefined {
  return queryOf(url).getAll(name).at(-1) || undefined;
}

/** Everything behind the first question mark; a second one is part of a value. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

export interface IntegerOptions {
  readonly minimum: bigint;
  /** Absent: the parameter is required. */
  readonly fallback?: bigint;
}

/** @throws HttpProblem 422 with code 602 absent, 601 not an int64, 609 too small */
export function integerParameter(url: string, name: string, { minimum, fallback }: IntegerOptions): bigint {
  const text = parameter(url, name);
  if (text === undefined) {
    if (fallback === undefined) throw invalid(602, `${name} in query is required`);
    return fallback;
  }
  if (!/^[+-]?[0-9]{1,20}$/.test(text)) throw notInteger(name, text);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) throw notInteger(name, text);
  if (value < minimum) throw invalid(609, `${name} in query should be greater than or equal to ${minimum}`);
  return value;
}

function notInteger(name: string, text: string): HttpProblem {
  return invalid(601, `${name} in query must be of type int64: ${JSON.stringify(text.slice(0, 40))}`);
}

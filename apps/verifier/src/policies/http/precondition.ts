import { HttpProblem } from '@sigstead/server';
import type { Expectation } from '../versioned-write.ts';

interface Headers {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

/**
 * What the caller knows of the present state (RFC 9110 section 13.1): `If-Match: "<version>"` or `*`, `If-None-Match: *`.
 *
 * @throws HttpProblem 400 for anything else
 */
export function parsePrecondition(headers: Headers): Expectation {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && noneMatch !== undefined)
    throw unusable('If-Match', 'stands beside If-None-Match');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw unusable('If-None-Match', 'can only be *');
    return { kind: 'absent' };
  }
  if (match === undefined) return { kind: 'unsaid' };
  if (match === '*') return { kind: 'any' };
  const [, version] = /^"([1-9][0-9]{0,8})"$/.exec(match) ?? [];
  if (version === undefined) throw unusable('If-Match', 'is one version in quotation marks, or *');
  return { kind: 'version', version: Number(version) };
}

export function versionTag(version: number): string {
  return `"${version}"`;
}

function unusable(field: string, message: string): HttpProblem {
  return new HttpProblem(400, `${field} ${message}`, { type: 'invalid-request', field });
}

import type { JsonObject, JsonValue } from '@sigstead/encoding';
import { isJsonObject } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

/** Names of claims from the outside in. */
export type ClaimPath = readonly string[];

const MAX_STEPS = 8;
const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]+)'\]|\["([^"\\]+)"\]/y;

/**
 * The part of JSONPath (RFC 9535) that names one value: `$.a.b`, `$['a']["b.c"]`. Nothing for anything else.
 */
export function parseClaimPath(text: string): ClaimPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const path: string[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    const name = match?.[1] ?? match?.[2] ?? match?.[3];
    if (name === undefined || path.length === MAX_STEPS) return undefined;
    path.push(name);
  }
  return path.length === 0 ? undefined : path;
}

/** @throws OidcError CLAIM when the token has nothing there */
export function claimAt(claims: JsonObject, path: ClaimPath): JsonValue {
  let value: JsonValue = claims;
  for (const name of path) {
    const next: JsonValue | undefined =
      isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (next === undefined) {
      const claim = path.join('.');
      throw new OidcError('CLAIM', `claim ${claim}: the token has none, nothing is named ${quote(name)}`, {
        claim,
      });
    }
    value = next;
  }
  return value;
}

import type { JsonObject } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

const MAX_CLAIM_LENGTH = 4096;
// Controls could forge lines wherever the value is printed; lone surrogates have no UTF-8.
const CONTROL = /[\p{Cc}\p{Cs}]/u;

/**
 * A claim every certificate of this type needs. Text only, as Fulcio has it: numbers are taken by templates alone.
 *
 * @throws OidcError CLAIM when it is absent, empty, not text or holds control characters
 */
export function requiredClaim(claims: JsonObject, claim: string): string {
  const text = optionalClaim(claims, claim);
  if (text === '')
    throw new OidcError('CLAIM', `claim ${claim}: the token has none, want a value`, { claim });
  return text;
}

/** The same for a claim that may be absent or null: then it is empty. */
export function optionalClaim(claims: JsonObject, claim: string): string {
  const value = (Object.hasOwn(claims, claim) ? claims[claim] : undefined) ?? '';
  if (typeof value !== 'string') throw notCertifiable(value, claim);
  return certifiable(value, claim);
}

/** @throws OidcError CLAIM when the text is too long or holds control characters */
export function certifiable(text: string, claim: string): string {
  if (text.length > MAX_CLAIM_LENGTH || CONTROL.test(text)) throw notCertifiable(text, claim);
  return text;
}

function notCertifiable(value: unknown, claim: string): OidcError {
  return new OidcError('CLAIM', `claim ${claim}: ${quote(value)} is not text that can be certified`, {
    claim,
  });
}

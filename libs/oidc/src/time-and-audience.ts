import type { JsonObject } from '@sigstead/encoding';
import { OidcError, quote } from './errors.ts';

/** Issuers' clocks may run ahead; go-oidc grants the same five minutes. Nothing is granted after expiry. */
const NOT_BEFORE_LEEWAY_SECONDS = 5 * 60;
/** The last second a Date can hold. */
const MAX_SECONDS = 8.64e12;
const MAX_AUDIENCES = 64;
const MAX_SUBJECT_LENGTH = 2048;

/** RFC 7519 section 4.1.3: the audience is the string, or one of the array. */
export function assertAudience(claims: JsonObject, clientId: string): void {
  const aud = claims['aud'];
  const audiences = Array.isArray(aud) ? aud.slice(0, MAX_AUDIENCES) : [aud];
  if (!audiences.includes(clientId)) {
    const got = audiences.slice(0, 5).map(quote).join(', ') || 'nobody';
    throw new OidcError('AUDIENCE', `audience: the token is for ${got}, want ${quote(clientId)}`, {
      claim: 'aud',
    });
  }
}

/** RFC 7519 section 4.1.4: from `exp` on the token is not accepted; no leeway. */
export function assertNotExpired(claims: JsonObject, now: Date): void {
  const exp = numericDate(claims, 'exp');
  if (exp === undefined)
    throw new OidcError('CLAIM', 'expiry: the token has none, want the claim exp', { claim: 'exp' });
  if (now.getTime() >= exp * 1000) {
    throw new OidcError(
      'EXPIRED',
      `expiry: the token expired at ${isoTime(exp)}, it is ${now.toISOString()}`,
      { claim: 'exp' },
    );
  }
}

/** RFC 7519 section 4.1.5, with five minutes of leeway. */
export function assertNotBefore(claims: JsonObject, now: Date): void {
  const nbf = numericDate(claims, 'nbf');
  if (nbf !== undefined && now.getTime() < (nbf - NOT_BEFORE_LEEWAY_SECONDS) * 1000) {
    throw new OidcError(
      'NOT_YET_VALID',
      `not before: the token is valid from ${isoTime(nbf)}, it is ${now.toISOString()}`,
      { claim: 'nbf' },
    );
  }
}

export function assertSubject(claims: JsonObject): string {
  const sub = claims['sub'];
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) {
    throw new OidcError(
      'CLAIM',
      `subject: want the claim sub as text of 1 to ${MAX_SUBJECT_LENGTH} characters`,
      { claim: 'sub' },
    );
  }
  return sub;
}

function numericDate(claims: JsonObject, claim: string): number | undefined {
  const value = claims[claim];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_SECONDS)) {
    throw new OidcError('CLAIM', `claim ${claim}: ${quote(value)} is not a time in seconds since 1970`, {
      claim,
    });
  }
  return value;
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

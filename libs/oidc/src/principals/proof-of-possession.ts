import type { JsonObject } from '@sigstead/encoding';
import { requiredClaim } from '../claims.ts';

/** Some issuers send the boolean as text. */
export function isEmailVerified(claims: JsonObject): boolean {
  const verified = claims['email_verified'];
  return verified === true || verified === 'true' || verified === 'True';
}

/**
 * What clients sign for a token whose identity is not the address: `sub`, as Fulcio wants. The Go and JavaScript clients
 * sign `email` whenever the token has a verified one, so that proves possession too.
 */
export function subjectsOf(claims: JsonObject): string[] {
  const subject = requiredClaim(claims, 'sub');
  const email = claims['email'];
  const signsEmail = typeof email === 'string' && email !== '' && isEmailVerified(claims);
  return signsEmail ? [subject, email] : [subject];
}

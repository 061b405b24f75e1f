import { requiredClaim } from './claims.ts';
import { OidcError, quote } from './errors.ts';
import type { EmailIssuer } from './issuer-config.ts';
import type { Principal } from './principal.ts';
import type { VerifiedToken } from './verify-token.ts';

const MAX_ADDRESS_LENGTH = 254;
// RFC 5321 Mailbox without quoted local parts and address literals; ASCII, because an rfc822Name is an IA5String.
const ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** A person known by a verified e-mail address. */
export function emailPrincipal(token: VerifiedToken, issuer: EmailIssuer): Principal {
  const email = requiredClaim(token.claims, 'email');
  assertVerified(token.claims['email_verified']);
  assertAddress(email);
  return {
    proofOfPossessionSubject: email,
    subjectAlternativeName: { type: 'email', value: email },
    claims: { issuer: issuer.issuerUrl, subject: requiredClaim(token.claims, 'sub') },
  };
}

/** Some issuers send the boolean as text. */
function assertVerified(verified: unknown): void {
  if (verified !== true && verified !== 'true' && verified !== 'True') {
    throw new OidcError('CLAIM', `claim email_verified: the token says ${quote(verified)}, want true`, {
      claim: 'email_verified',
    });
  }
}

function assertAddress(email: string): void {
  if (email.length > MAX_ADDRESS_LENGTH || !ADDRESS.test(email) || email.includes('..')) {
    throw new OidcError('CLAIM', `claim email: ${quote(email)} is not an e-mail address`, { claim: 'email' });
  }
}

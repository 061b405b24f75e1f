import { requiredClaim } from '../claims.ts';
import { claimAt } from '../claim-path.ts';
import { OidcError, quote } from '../errors.ts';
import type { EmailIssuer } from '../issuer-config.ts';
import type { Principal } from '../principal.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { isEmailVerified } from './proof-of-possession.ts';

const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_PART_LENGTH = 64;
// RFC 5321 Mailbox without quoted local parts and address literals; ASCII, because an rfc822Name is an IA5String. As Fulcio
// has it: a dot-string before the @, at least two labels behind.
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$/;

/** A person known by a verified e-mail address. */
export function emailPrincipal(token: VerifiedToken, issuer: EmailIssuer): Principal {
  const email = requiredClaim(token.claims, 'email');
  if (!issuer.skipEmailVerification) assertVerified(token);
  if (!isEmailAddress(email))
    throw new OidcError('CLAIM', `claim email: ${quote(email)} is not an e-mail address`, { claim: 'email' });
  return {
    proofOfPossessionSubjects: [email],
    subjectAlternativeName: { type: 'email', value: email },
    claims: { issuer: certifiedIssuer(token, issuer), subject: requiredClaim(token.claims, 'sub') },
  };
}

export function isEmailAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS_LENGTH) return false;
  const at = text.indexOf('@');
  const localPart = text.slice(0, Math.max(at, 0));
  return (
    localPart.length <= MAX_LOCAL_PART_LENGTH && LOCAL_PART.test(localPart) && DOMAIN.test(text.slice(at + 1))
  );
}

function assertVerified({ claims }: VerifiedToken): void {
  if (!isEmailVerified(claims)) {
    throw new OidcError(
      'CLAIM',
      `claim email_verified: the token says ${quote(claims['email_verified'])}, want true`,
      { claim: 'email_verified' },
    );
  }
}

/** Behind a broker the one it asked, so that a broker's GitHub and its Google are two issuers. */
function certifiedIssuer(token: VerifiedToken, { issuerUrl, issuerClaim }: EmailIssuer): string {
  if (issuerClaim === undefined) return issuerUrl;
  const name = issuerClaim.join('.');
  return requiredClaim({ [name]: claimAt(token.claims, issuerClaim) }, name);
}

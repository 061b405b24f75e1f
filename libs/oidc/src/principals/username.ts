import { requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { DomainIssuer } from '../issuer-config.ts';
import type { Principal } from '../principal.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { isEmailAddress } from './email.ts';
import { subjectsOf } from './proof-of-possession.ts';

/** A user name within the issuer's subject domain. The `!` keeps it from being mistaken for an e-mail address. */
export function usernamePrincipal({ claims }: VerifiedToken, issuer: DomainIssuer): Principal {
  const username = requiredClaim(claims, 'sub');
  if (username.includes('!') || isEmailAddress(username)) {
    throw new OidcError(
      'CLAIM',
      `claim sub: ${quote(username)} is not a user name, want no "!" and no e-mail address`,
      { claim: 'sub' },
    );
  }
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'otherName', value: `${username}!${issuer.subjectDomain}` },
    claims: { issuer: issuer.issuerUrl, subject: username },
  };
}

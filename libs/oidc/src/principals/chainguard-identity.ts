import { optionalClaim, requiredClaim } from '../claims.ts';
import { OidcError } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { joinPath } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { isEmailVerified } from './proof-of-possession.ts';

/** An identity of Chainguard: the path of its subject below the issuer. */
export function chainguardPrincipal({ claims, issuer }: VerifiedToken): Principal {
  const subject = requiredClaim(claims, 'sub');
  const email = optionalClaim(claims, 'email');
  if (email !== '' && !isEmailVerified(claims)) {
    throw new OidcError('CLAIM', 'claim email_verified: the token has an address that is not verified', {
      claim: 'email_verified',
    });
  }
  return {
    proofOfPossessionSubjects: [email || subject],
    subjectAlternativeName: { type: 'uri', value: joinPath(issuer.issuerUrl, [subject], 'sub') },
    claims: { issuer: issuer.issuerUrl, subject },
  };
}

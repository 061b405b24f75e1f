import { requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { SpiffeIssuer } from '../issuer-config.ts';
import type { Principal } from '../principal.ts';
import { trustDomainOfId } from '../spiffe-id.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { subjectsOf } from './proof-of-possession.ts';

/** A workload with a SPIFFE ID of the issuer's own trust domain. */
export function spiffePrincipal({ claims }: VerifiedToken, issuer: SpiffeIssuer): Principal {
  const id = requiredClaim(claims, 'sub');
  if (trustDomainOfId(id) !== issuer.trustDomain) {
    throw new OidcError(
      'CLAIM',
      `claim sub: ${quote(id)} is not a SPIFFE ID of the trust domain ${quote(issuer.trustDomain)}`,
      { claim: 'sub' },
    );
  }
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'uri', value: id },
    claims: { issuer: issuer.issuerUrl, subject: id },
  };
}

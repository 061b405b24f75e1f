import { requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { DomainIssuer } from '../issuer-config.ts';
import type { Principal } from '../principal.ts';
import { identityUri } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { subjectsOf } from './proof-of-possession.ts';

/** Somebody whose subject is a URI on the issuer's subject domain. */
export function uriPrincipal({ claims }: VerifiedToken, issuer: DomainIssuer): Principal {
  const subject = requiredClaim(claims, 'sub');
  const value = identityUri(subject, 'sub');
  const [scheme, host] = schemeAndHost(value);
  const [wantedScheme, wantedHost] = schemeAndHost(issuer.subjectDomain);
  if (scheme !== wantedScheme || host !== wantedHost) {
    throw new OidcError(
      'CLAIM',
      `claim sub: ${quote(subject)} does not lie on the subject domain ${quote(issuer.subjectDomain)}`,
      { claim: 'sub' },
    );
  }
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'uri', value },
    claims: { issuer: issuer.issuerUrl, subject },
  };
}

/** Compared as text, as Fulcio does; the port is not part of it. */
function schemeAndHost(uri: string): readonly (string | undefined)[] {
  const [, scheme, host] = /^([^:]+):\/\/(\[[^\]]*\]|[^/:?#]*)/.exec(uri) ?? [];
  return [scheme, host];
}

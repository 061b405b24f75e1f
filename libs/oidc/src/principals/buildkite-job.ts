import { requiredClaim } from '../claims.ts';
import type { Principal } from '../principal.ts';
import { identityUri } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { subjectsOf } from './proof-of-possession.ts';

/** A job of Buildkite: the type Fulcio had before templates. The identity is its pipeline. */
export function buildkitePrincipal({ claims, issuer }: VerifiedToken): Principal {
  const organization = requiredClaim(claims, 'organization_slug');
  const pipeline = requiredClaim(claims, 'pipeline_slug');
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: {
      type: 'uri',
      value: identityUri(`https://buildkite.com/${organization}/${pipeline}`, 'pipeline_slug'),
    },
    claims: { issuer: issuer.issuerUrl, subject: requiredClaim(claims, 'sub') },
  };
}

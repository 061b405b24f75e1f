import { optionalClaim, requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { joinPath } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { parseWebUrl } from '../web-url.ts';
import { present } from './present.ts';
import { subjectsOf } from './proof-of-possession.ts';

const CODEFRESH = 'https://g.codefresh.io';

/** A workflow of Codefresh: the type Fulcio had before templates. Names in the identity may change, its ids do not. */
export function codefreshPrincipal({ claims, issuer }: VerifiedToken): Principal {
  const accountId = requiredClaim(claims, 'account_id');
  const pipelineId = requiredClaim(claims, 'pipeline_id');
  const workflowId = requiredClaim(claims, 'workflow_id');
  const platform = platformUrl(optionalClaim(claims, 'platform_url') || CODEFRESH);
  const pipeline = `${optionalClaim(claims, 'pipeline_name')}:${accountId}/${pipelineId}`;
  const build = joinPath(platform, ['build', workflowId], 'workflow_id');
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: {
      type: 'uri',
      value: joinPath(platform, [optionalClaim(claims, 'account_name'), pipeline], 'pipeline_name'),
    },
    claims: present({
      issuer: issuer.issuerUrl,
      subject: requiredClaim(claims, 'sub'),
      buildSignerUri: build,
      runnerEnvironment: optionalClaim(claims, 'runner_environment'),
      sourceRepositoryUri: optionalClaim(claims, 'scm_repo_url'),
      sourceRepositoryRef: optionalClaim(claims, 'scm_ref'),
      buildConfigUri: joinPath(platform, ['api/pipelines', pipelineId], 'pipeline_id'),
      runInvocationUri: build,
    }),
  };
}

function platformUrl(text: string): string {
  if (parseWebUrl(text) !== undefined) return text;
  throw new OidcError('CLAIM', `claim platform_url: ${quote(text)} is not a web address`, {
    claim: 'platform_url',
  });
}

import { requiredClaim } from '../claims.ts';
import type { Principal } from '../principal.ts';
import { joinPath } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { subjectsOf } from './proof-of-possession.ts';

const GITHUB = 'https://github.com';

/**
 * A workflow on github.com: the type Fulcio had before templates, every claim mandatory. The identity is the reusable
 * workflow that ran (`job_workflow_ref`), not the one that called it.
 */
export function githubWorkflowPrincipal({ claims, issuer }: VerifiedToken): Principal {
  const claim = (name: string): string => requiredClaim(claims, name);
  const link = (name: string, ...rest: string[]): string => joinPath(GITHUB, [claim(name), ...rest], name);
  const workflow = link('job_workflow_ref');
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'uri', value: workflow },
    claims: {
      issuer: issuer.issuerUrl,
      subject: claim('sub'),
      githubWorkflowTrigger: claim('event_name'),
      githubWorkflowSha: claim('sha'),
      githubWorkflowName: claim('workflow'),
      githubWorkflowRepository: claim('repository'),
      githubWorkflowRef: claim('ref'),
      buildSignerUri: workflow,
      buildSignerDigest: claim('job_workflow_sha'),
      runnerEnvironment: claim('runner_environment'),
      sourceRepositoryUri: link('repository'),
      sourceRepositoryDigest: claim('sha'),
      sourceRepositoryRef: claim('ref'),
      sourceRepositoryIdentifier: claim('repository_id'),
      sourceRepositoryOwnerUri: link('repository_owner'),
      sourceRepositoryOwnerIdentifier: claim('repository_owner_id'),
      buildConfigUri: link('workflow_ref'),
      buildConfigDigest: claim('workflow_sha'),
      buildTrigger: claim('event_name'),
      runInvocationUri: link('repository', 'actions/runs', claim('run_id'), 'attempts', claim('run_attempt')),
      sourceRepositoryVisibilityAtSigning: claim('repository_visibility'),
    },
  };
}

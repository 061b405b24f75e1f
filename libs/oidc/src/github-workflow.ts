import { optionalClaim, requiredClaim } from './claims.ts';
import type { GithubWorkflowIssuer } from './issuer-config.ts';
import type { Principal } from './principal.ts';
import { identityUri } from './uri.ts';
import type { VerifiedToken } from './verify-token.ts';

const GITHUB = 'https://github.com';

/**
 * A workflow of GitHub Actions, GitHub Enterprise Server or anything GitHub-shaped. The identity is the reusable
 * workflow that ran (`job_workflow_ref`), not the one that called it.
 */
export function githubWorkflowPrincipal(token: VerifiedToken, issuer: GithubWorkflowIssuer): Principal {
  // Always from configuration: a token cannot choose the host its own identity lies on.
  const url = (issuer.providerUrl ?? GITHUB).replace(/\/$/, '');
  const claim = (name: string): string => requiredClaim(token.claims, name);
  const repository = claim('repository');
  const environment = optionalClaim(token.claims, 'environment');
  return {
    proofOfPossessionSubject: claim('sub'),
    subjectAlternativeName: {
      type: 'uri',
      value: identityUri(url, claim('job_workflow_ref'), 'job_workflow_ref'),
    },
    claims: {
      issuer: issuer.issuerUrl,
      githubWorkflowTrigger: claim('event_name'),
      githubWorkflowSha: claim('sha'),
      githubWorkflowName: claim('workflow'),
      githubWorkflowRepository: repository,
      githubWorkflowRef: claim('ref'),
      buildSignerUri: `${url}/${claim('job_workflow_ref')}`,
      buildSignerDigest: claim('job_workflow_sha'),
      runnerEnvironment: claim('runner_environment'),
      sourceRepositoryUri: `${url}/${repository}`,
      sourceRepositoryDigest: claim('sha'),
      sourceRepositoryRef: claim('ref'),
      sourceRepositoryIdentifier: claim('repository_id'),
      sourceRepositoryOwnerUri: `${url}/${claim('repository_owner')}`,
      sourceRepositoryOwnerIdentifier: claim('repository_owner_id'),
      buildConfigUri: `${url}/${claim('workflow_ref')}`,
      buildConfigDigest: claim('workflow_sha'),
      buildTrigger: claim('event_name'),
      runInvocationUri: `${url}/${repository}/actions/runs/${claim('run_id')}/attempts/${claim('run_attempt')}`,
      sourceRepositoryVisibilityAtSigning: claim('repository_visibility'),
      ...(environment === '' ? {} : { deploymentEnvironment: environment }),
      subject: claim('sub'),
    },
  };
}

import { optionalClaim, requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { identityUri, joinPath } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { present } from './present.ts';
import { subjectsOf } from './proof-of-possession.ts';

const GITLAB = 'https://gitlab.com';
const REF_FOLDERS: ReadonlyMap<string, string> = new Map([
  ['branch', 'refs/heads/'],
  ['tag', 'refs/tags/'],
]);

/** A job on gitlab.com: the type Fulcio had before templates. The identity is the pipeline definition that ran. */
export function gitlabPipelinePrincipal({ claims, issuer }: VerifiedToken): Principal {
  const claim = (name: string): string => requiredClaim(claims, name);
  const link = (name: string, ...rest: string[]): string => joinPath(GITLAB, [claim(name), ...rest], name);
  // Not in the certificate, but a token without them is not one of GitLab's.
  claim('pipeline_id');
  assertRunner(claims['runner_id']);
  const definition = identityUri(`https://${claim('ci_config_ref_uri')}`, 'ci_config_ref_uri');
  const definitionDigest = optionalClaim(claims, 'ci_config_sha');
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'uri', value: definition },
    claims: present({
      issuer: issuer.issuerUrl,
      subject: claim('sub'),
      buildSignerUri: definition,
      buildSignerDigest: definitionDigest,
      runnerEnvironment: claim('runner_environment'),
      sourceRepositoryUri: link('project_path'),
      sourceRepositoryDigest: claim('sha'),
      sourceRepositoryRef: refFolder(claim('ref_type')) + claim('ref'),
      sourceRepositoryIdentifier: claim('project_id'),
      sourceRepositoryOwnerUri: link('namespace_path'),
      sourceRepositoryOwnerIdentifier: claim('namespace_id'),
      buildConfigUri: definition,
      buildConfigDigest: definitionDigest,
      buildTrigger: claim('pipeline_source'),
      runInvocationUri: link('project_path', '-/jobs', claim('job_id')),
      sourceRepositoryVisibilityAtSigning: optionalClaim(claims, 'project_visibility'),
    }),
  };
}

function assertRunner(id: unknown): void {
  if (Number.isSafeInteger(id) && id !== 0) return;
  throw new OidcError('CLAIM', `claim runner_id: the token says ${quote(id)}, want a whole number but 0`, {
    claim: 'runner_id',
  });
}

function refFolder(type: string): string {
  const folder = REF_FOLDERS.get(type);
  if (folder === undefined) {
    throw new OidcError('CLAIM', `claim ref_type: the token says ${quote(type)}, want branch or tag`, {
      claim: 'ref_type',
    });
  }
  return folder;
}

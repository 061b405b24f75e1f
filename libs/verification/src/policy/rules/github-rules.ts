import type { SignerIdentity } from '../../identity.ts';
import { printable } from '../../text.ts';
import type { Matcher } from '../matcher.ts';
import { assertValue, invalid, type Rule } from '../rule.ts';
import { NO_CERTIFICATE } from './identity-rules.ts';

/** What can be asked of a GitHub Actions run, by the words of GitHub and of cosign's `--certificate-github-workflow-*`. */
export const githubFields = [
  'repository',
  'ref',
  'sha',
  'trigger',
  'workflowName',
  'workflowFile',
  'runnerEnvironment',
] as const;

export type GithubField = (typeof githubFields)[number];

/**
 * Where a fact stands in a certificate. Older ones have the extensions .2 to .6, newer ones those from .9 on, most have both.
 * What is there must agree: a certificate is believed in all of its parts or not at all.
 */
const READERS: Readonly<Record<GithubField, (signer: SignerIdentity) => readonly (string | undefined)[]>> = {
  repository: ({ claims }) => repositoriesOf(claims),
  ref: ({ claims }) => [claims.githubWorkflowRef, claims.sourceRepositoryRef],
  sha: ({ claims }) => [claims.githubWorkflowSha, claims.sourceRepositoryDigest],
  trigger: ({ claims }) => [claims.githubWorkflowTrigger, claims.buildTrigger],
  workflowName: ({ claims }) => [claims.githubWorkflowName],
  workflowFile: (signer) => [workflowFileOf(signer)],
  runnerEnvironment: ({ claims }) => [claims.runnerEnvironment],
};

/** @throws PolicyError POLICY_INVALID when there is no such field */
export function assertGithubField(field: string, name: string): GithubField {
  const known = githubFields.find((one) => one === name);
  if (known === undefined) {
    throw invalid(field, `${field} is no fact of a GitHub run; there are ${githubFields.join(', ')}`);
  }
  return known;
}

export function githubRule(name: GithubField, { field, text, test }: Matcher): Rule {
  return {
    field,
    text: `GitHub ${name} ${text}`,
    refuse: ({ signer }) => {
      const code = 'EXTENSION_MISMATCH';
      if (signer === undefined) return { code, found: NO_CERTIFICATE };
      const values = READERS[name](signer).filter((value) => value !== undefined);
      if (values.length > 0 && values.every(test)) return undefined;
      const found = values.find((value) => !test(value)) ?? 'nothing';
      return { code, found: `the certificate says ${printable(found)}` };
    },
  };
}

/**
 * An exact value in the form in which it is compared: a repository on github.com by its name alone, on another server by its URL;
 * a workflow by its whole path.
 *
 * @throws PolicyError POLICY_INVALID for a repository that is none
 */
export function canonicalGithubValue(field: string, name: GithubField, value: string): string {
  assertValue(field, value);
  if (name === 'workflowFile') return value.includes('/') ? value : `.github/workflows/${value}`;
  if (name !== 'repository') return value;
  if (/^[^/\s]+\/[^/\s]+$/.test(value)) return value;
  if (/^https:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(value)) return withoutGithub(value);
  throw invalid(field, `${field} is owner/name, or the URL of a repository`);
}

const GITHUB = 'https://github.com/';

/** What another server calls acme/app is not github.com's; the old extension does not say which it means. */
function repositoriesOf(claims: SignerIdentity['claims']): readonly (string | undefined)[] {
  const { githubWorkflowRepository: name, sourceRepositoryUri: uri } = claims;
  if (uri === undefined) return [name];
  const isSame = name === undefined || uri.endsWith(`/${name}`);
  return isSame ? [withoutGithub(uri)] : [name, withoutGithub(uri)];
}

function withoutGithub(uri: string): string {
  return uri.startsWith(GITHUB) ? uri.slice(GITHUB.length) : uri;
}

/**
 * Path of the workflow that was run (`.github/workflows/release.yml`). Certificates without .18 have it in their name alone, where
 * a reusable workflow stands in for its caller: then it counts only when it is of the same repository.
 */
function workflowFileOf({ identity, claims }: SignerIdentity): string | undefined {
  const uri = claims.buildConfigUri ?? identity;
  const repository = claims.sourceRepositoryUri ?? GITHUB + (claims.githubWorkflowRepository ?? '');
  if (!uri.startsWith(`${repository}/`)) return undefined;
  const path = uri.slice(repository.length + 1);
  const ref = claims.sourceRepositoryRef ?? claims.githubWorkflowRef;
  const end =
    ref !== undefined && path.endsWith(`@${ref}`) ? path.length - ref.length - 1 : path.indexOf('@');
  return end < 0 ? undefined : path.slice(0, end);
}

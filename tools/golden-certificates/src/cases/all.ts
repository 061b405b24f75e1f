import type { CaseGroup } from '../golden-case.ts';
import { ciProvider } from './ci-provider.ts';
import { email } from './email.ts';
import { buildkiteJob, codefreshWorkflow, githubWorkflow, gitlabPipeline } from './legacy-ci.ts';
import { profile } from './profile.ts';
import { templates } from './template.ts';
import { token } from './token.ts';
import { chainguardIdentity, kubernetes, spiffe, uri, username } from './workload.ts';

/** Everything Fulcio is asked, by folder. */
export const allGroups: readonly CaseGroup[] = [
  email,
  spiffe,
  uri,
  username,
  kubernetes,
  chainguardIdentity,
  githubWorkflow,
  gitlabPipeline,
  buildkiteJob,
  codefreshWorkflow,
  ciProvider,
  templates,
  profile,
  token,
];

import { variants, type CaseGroup, type Claims } from '../golden-case.ts';

function issuerOf(url: string, type: string): string {
  return `oidc-issuers:
  ${url}:
    issuer-url: ${url}
    client-id: sigstore
    type: ${type}
`;
}

/** What GitHub says of a job in a reusable workflow. */
export const githubClaims: Claims = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:octo/app:ref:refs/heads/main',
  job_workflow_ref: 'octo/shared/.github/workflows/release.yml@refs/tags/v1',
  job_workflow_sha: '1111111111111111111111111111111111111111',
  sha: '2222222222222222222222222222222222222222',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  repository: 'octo/app',
  repository_id: '4711',
  repository_owner: 'octo',
  repository_owner_id: '42',
  repository_visibility: 'private',
  event_name: 'push',
  workflow: 'Release',
  workflow_ref: 'octo/app/.github/workflows/ci.yml@refs/heads/main',
  workflow_sha: '3333333333333333333333333333333333333333',
  run_id: '123456',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  actor: 'octocat',
};

const github = {
  configuration: issuerOf('https://token.actions.githubusercontent.com', 'github-workflow'),
  claims: githubClaims,
};

const MANDATORY = [
  'job_workflow_ref',
  'sha',
  'event_name',
  'repository',
  'workflow',
  'ref',
  'job_workflow_sha',
  'runner_environment',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'repository_visibility',
  'workflow_ref',
  'workflow_sha',
  'run_id',
  'run_attempt',
];

export const githubWorkflow: CaseGroup = {
  folder: 'github-workflow',
  cases: [
    ...variants(github, {
      workflow: {},
      'workflow-in-environment': {
        environment: 'production',
        sub: 'repo:octo/app:environment:production',
      },
      'unicode-workflow-name': { workflow: 'Veröffentlichen – 発行 <&> "x"' },
      'unicode-reference': { job_workflow_ref: 'octo/app/.github/workflows/bau.yml@refs/heads/bäume' },
      'space-in-reference': { job_workflow_ref: 'octo/app/.github/workflows/a b.yml@refs/heads/main' },
      'dot-segments-in-reference': { job_workflow_ref: 'octo/app/../../evil/x.yml@refs/heads/main' },
      'double-slash-in-reference': { job_workflow_ref: 'octo/app//x.yml@refs/heads/main' },
      'escape-in-reference': { job_workflow_ref: 'octo/app/x%2Fy.yml@refs/heads/main' },
      'broken-escape-in-reference': { job_workflow_ref: 'octo/app/x%.yml@refs/heads/main' },
      'hash-in-reference': { job_workflow_ref: 'octo/app/x.yml@refs/heads/fix#7' },
      'question-mark-in-reference': { job_workflow_ref: 'octo/app/x.yml@refs/heads/a?b' },
      'number-as-run-id': { run_id: 123456 },
      'empty-revision': { sha: '' },
      'no-subject': { sub: undefined },
    }),
    ...variants(
      github,
      Object.fromEntries(
        MANDATORY.map((claim) => [`without-${claim.replaceAll('_', '-')}`, { [claim]: undefined }]),
      ),
    ),
  ],
};

/** What GitLab says of a job. */
export const gitlabClaims: Claims = {
  iss: 'https://gitlab.com',
  sub: 'project_path:octo/app:ref_type:branch:ref:main',
  namespace_id: '72',
  namespace_path: 'octo',
  project_id: '20',
  project_path: 'octo/app',
  project_visibility: 'public',
  user_id: '1',
  user_login: 'octocat',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  runner_id: 1,
  runner_environment: 'gitlab-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  ci_config_ref_uri: 'gitlab.com/octo/app//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
};

const gitlab = {
  configuration: issuerOf('https://gitlab.com', 'gitlab-pipeline'),
  claims: gitlabClaims,
};

export const gitlabPipeline: CaseGroup = {
  folder: 'gitlab-pipeline',
  cases: variants(gitlab, {
    branch: {},
    tag: { ref: 'v1.0.0', ref_type: 'tag' },
    'merge-request': { ref_type: 'merge-request' },
    'without-configuration-digest': { ci_config_sha: undefined },
    'configuration-digest-null': { ci_config_sha: null },
    'without-visibility': { project_visibility: undefined },
    'self-managed-configuration': {
      ci_config_ref_uri: 'git.example.com/octo/app//.gitlab-ci.yml@refs/heads/main',
    },
    'unicode-reference': { ci_config_ref_uri: 'gitlab.com/octo/app//.gitlab-ci.yml@refs/heads/bäume' },
    'space-in-reference': { ci_config_ref_uri: 'gitlab.com/octo/app//a b.yml@refs/heads/main' },
    'colon-in-reference': { ci_config_ref_uri: 'gitlab.com:8443/octo/app//x.yml@refs/heads/main' },
    'dot-segments-in-project': { project_path: 'octo/../evil' },
    'runner-zero': { runner_id: 0 },
    'runner-fraction': { runner_id: 1.5 },
    'runner-text': { runner_id: '1' },
    'project-number': { project_id: 20 },
    'without-project-path': { project_path: undefined },
    'without-pipeline-id': { pipeline_id: undefined },
    'without-job-id': { job_id: undefined },
    'without-reference-type': { ref_type: undefined },
    'without-configuration-reference': { ci_config_ref_uri: undefined },
    'without-runner-environment': { runner_environment: undefined },
    'without-runner': { runner_id: undefined },
  }),
};

/** What Buildkite says of a job. */
export const buildkiteClaims: Claims = {
  iss: 'https://agent.buildkite.com',
  sub: 'organization:octo:pipeline:app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build',
  organization_slug: 'octo',
  pipeline_slug: 'app',
  build_number: 9,
  build_branch: 'main',
  build_commit: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
  build_source: 'ui',
  step_key: 'build',
  job_id: '0184990a-477b-4fa8-9968-496074483cee',
  agent_id: '0184990a-4782-42b5-afc1-16715b10b8ff',
  runner_environment: 'buildkite-hosted',
};

const buildkite = {
  configuration: issuerOf('https://agent.buildkite.com', 'buildkite-job'),
  claims: buildkiteClaims,
};

export const buildkiteJob: CaseGroup = {
  folder: 'buildkite-job',
  cases: variants(buildkite, {
    job: {},
    'unicode-pipeline': { pipeline_slug: 'bäume' },
    'hash-in-pipeline': { pipeline_slug: 'app#1' },
    'dot-segments-in-pipeline': { pipeline_slug: '../evil' },
    'broken-escape-in-pipeline': { pipeline_slug: 'a%zz' },
    'without-organization': { organization_slug: undefined },
    'empty-pipeline': { pipeline_slug: '' },
    'pipeline-number': { pipeline_slug: 7 },
  }),
};

/** What Codefresh says of a workflow. */
export const codefreshClaims: Claims = {
  iss: 'https://oidc.codefresh.io',
  sub: 'account:628a80b693a15c0f9c13ab75:pipeline:65e5a53e52853dc51a5b0cc1:initiator:octocat',
  account_id: '628a80b693a15c0f9c13ab75',
  account_name: 'octo',
  pipeline_id: '65e5a53e52853dc51a5b0cc1',
  pipeline_name: 'app/build',
  workflow_id: '64f447c02199f903000gh20',
  initiator: 'octocat',
  platform_url: 'https://g.codefresh.io',
  scm_user_name: 'octocat',
  scm_repo_url: 'https://github.com/octo/app',
  scm_ref: 'main',
  runner_environment: 'hybrid',
};

const codefresh = {
  configuration: issuerOf('https://oidc.codefresh.io', 'codefresh-workflow'),
  claims: codefreshClaims,
};

export const codefreshWorkflow: CaseGroup = {
  folder: 'codefresh-workflow',
  cases: variants(codefresh, {
    workflow: {},
    'without-platform': { platform_url: undefined },
    'on-premises-platform': { platform_url: 'https://codefresh.example.com/ui/' },
    'platform-without-scheme': { platform_url: 'codefresh.example.com' },
    'manual-run': { scm_repo_url: undefined, scm_ref: undefined, scm_user_name: undefined },
    'without-names': { account_name: undefined, pipeline_name: undefined },
    'space-in-pipeline-name': { pipeline_name: 'app/my build' },
    'unicode-pipeline-name': { pipeline_name: 'app/bäume' },
    'dot-segments-in-pipeline-name': { pipeline_name: '../../evil' },
    'without-account': { account_id: undefined },
    'without-pipeline': { pipeline_id: undefined },
    'without-workflow': { workflow_id: undefined },
  }),
};

import { variants, type CaseGroup } from '../golden-case.ts';
import { buildkiteClaims, codefreshClaims, githubClaims, gitlabClaims } from './legacy-ci.ts';

const circleciClaims = {
  iss: 'https://oidc.circleci.com',
  sub: 'org/1f0d1b2c-0000-4000-8000-000000000001/project/2f0d1b2c-0000-4000-8000-000000000002/user/3f0d1b2c-0000-4000-8000-000000000003',
  'oidc.circleci.com/pipeline-definition-id': '4f0d1b2c-0000-4000-8000-000000000004',
  'oidc.circleci.com/pipeline-id': '5f0d1b2c-0000-4000-8000-000000000005',
  'oidc.circleci.com/project-id': '2f0d1b2c-0000-4000-8000-000000000002',
  'oidc.circleci.com/workflow-id': '6f0d1b2c-0000-4000-8000-000000000006',
  'oidc.circleci.com/job-id': '7f0d1b2c-0000-4000-8000-000000000007',
  'oidc.circleci.com/ssh-rerun': false,
  'oidc.circleci.com/vcs-ref': 'refs/heads/main',
  'oidc.circleci.com/vcs-origin': 'github.com/octo/app',
  'oidc.circleci.com/context-ids': ['8f0d1b2c-0000-4000-8000-000000000008'],
};

const buddyClaims = {
  iss: 'https://eu-oidc.buddyusercontent.com',
  sub: 'workspace:octo:project:app:pipeline:77',
  base_url: 'https://eu.buddy.works',
  workspace_domain: 'octo',
  project_name: 'app',
  pipeline_id: 77,
  execution_id: '5f3e',
  triggered_on: 'PUSH',
  runner_environment: 'platform-hosted',
  revision: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  ref: 'refs/heads/main',
};

/** The providers of the public configuration, each with what its jobs really send and with what they might. */
export const ciProvider: CaseGroup = {
  folder: 'ci-provider',
  cases: [
    ...variants(
      { claims: githubClaims },
      {
        'github-workflow': {},
        'github-workflow-of-enterprise': {
          iss: 'https://token.actions.githubusercontent.com/octo-enterprise',
        },
        'github-workflow-in-environment': { environment: 'production' },
        'github-workflow-numbers': { repository_id: 4711, run_attempt: 1 },
        'github-workflow-empty-claims': { repository_visibility: '', workflow: '' },
        'github-workflow-null-claim': { workflow: null },
        'github-workflow-without-revision': { sha: undefined },
        'github-workflow-without-reference': { job_workflow_ref: undefined },
        'github-workflow-empty-reference': { job_workflow_ref: '' },
        'github-workflow-unicode': {
          workflow: 'Veröffentlichen – 発行 <&> "x"',
          ref: 'refs/heads/bäume',
          job_workflow_ref: 'octo/app/.github/workflows/bau.yml@refs/heads/bäume',
        },
        'github-workflow-claims-another-url': { url: 'https://evil.example.com' },
        'github-workflow-dot-segments': { job_workflow_ref: 'octo/app/../../evil/x.yml@refs/heads/main' },
        'github-workflow-broken-escape': { job_workflow_ref: 'octo/app/x%.yml@refs/heads/main' },
        'github-workflow-control-character': { workflow: 'a\tb' },
        'github-workflow-no-subject': { sub: undefined },
      },
    ),
    { name: 'github-workflow-with-timestamp', claims: githubClaims, log: true },
    ...variants(
      { claims: gitlabClaims },
      {
        'gitlab-pipeline-branch': {},
        'gitlab-pipeline-tag': { ref: 'v1.0.0', ref_type: 'tag' },
        'gitlab-pipeline-other-reference-type': { ref_type: 'merge-request' },
        'gitlab-pipeline-in-environment': { environment: 'review/1' },
        'gitlab-pipeline-configuration-digest-null': { ci_config_sha: null },
        'gitlab-pipeline-without-configuration-digest': { ci_config_sha: undefined },
        'gitlab-pipeline-without-reference-type': { ref_type: undefined },
        'gitlab-pipeline-host-of-its-own': {
          iss: 'https://gitlab.archlinux.org',
          ci_config_ref_uri: 'gitlab.archlinux.org/octo/app//.gitlab-ci.yml@refs/heads/main',
        },
      },
    ),
    ...variants(
      { claims: codefreshClaims },
      {
        'codefresh-workflow': {},
        'codefresh-workflow-without-platform': { platform_url: undefined },
        'codefresh-workflow-manual': {
          scm_repo_url: undefined,
          scm_ref: undefined,
          runner_environment: undefined,
        },
        'codefresh-workflow-without-account-name': { account_name: undefined },
        'codefresh-workflow-space-in-pipeline-name': { pipeline_name: 'app/my build' },
      },
    ),
    ...variants(
      { claims: buildkiteClaims },
      {
        'buildkite-job': {},
        'buildkite-job-large-build-number': { build_number: 123_456_789 },
        'buildkite-job-without-build-number': { build_number: undefined },
        'buildkite-job-without-runner-environment': { runner_environment: undefined },
      },
    ),
    ...variants(
      { claims: circleciClaims },
      {
        'circleci-job': {},
        'circleci-job-of-organization': {
          iss: 'https://oidc.circleci.com/org/1f0d1b2c-0000-4000-8000-000000000001',
        },
        'circleci-job-ssh-rerun': { 'oidc.circleci.com/ssh-rerun': true },
        'circleci-job-without-ssh-rerun': { 'oidc.circleci.com/ssh-rerun': undefined },
        'circleci-job-without-vcs': {
          'oidc.circleci.com/vcs-ref': undefined,
          'oidc.circleci.com/vcs-origin': undefined,
        },
        'circleci-job-without-project': { 'oidc.circleci.com/project-id': undefined },
      },
    ),
    ...variants(
      { claims: buddyClaims },
      {
        'buddy-pipeline': {},
        'buddy-pipeline-without-base-url': { base_url: undefined },
        'buddy-pipeline-without-revision': { revision: undefined, ref: undefined },
        'buddy-pipeline-without-execution': { execution_id: undefined },
      },
    ),
  ],
};

import type { Preset } from './preset.ts';

export const buildkite: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://agent.buildkite.com',
  ciProvider: {
    name: 'buildkite-job',
    defaults: { url: 'https://buildkite.com' },
    subjectAlternativeName: '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}',
    extensions: {
      'runner-environment': 'runner_environment',
      'source-repository-digest': 'build_commit',
      'build-trigger': 'build_source',
      'run-invocation-uri':
        '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}/builds/{{ .build_number }}#{{ .job_id }}',
    },
  },
};

const circleciClaim = (name: string): string => `{{ index . "oidc.circleci.com/${name}" }}`;
const definition = `{{ .api_url }}/projects/${circleciClaim('project-id')}/pipeline-definitions/${circleciClaim('pipeline-definition-id')}`;

/** The issuer of one organisation; claims have names with dots and slashes. */
export const circleci: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://oidc.circleci.com/org/<organization>',
  ciProvider: {
    name: 'circleci-job',
    defaults: { api_url: 'https://circleci.com/api/v2', platform_url: 'https://app.circleci.com' },
    subjectAlternativeName: definition,
    extensions: {
      'build-signer-uri': definition,
      'runner-environment': '{{ if eq (index . "oidc.circleci.com/ssh-rerun") "true" }}ssh-rerun{{ end }}',
      'source-repository-uri': circleciClaim('vcs-origin'),
      'source-repository-ref': circleciClaim('vcs-ref'),
      'build-config-uri': `{{ .api_url }}/pipeline/${circleciClaim('pipeline-id')}/config`,
      'run-invocation-uri': `{{ .platform_url }}/workflow/${circleciClaim('workflow-id')}/job/${circleciClaim('job-id')}`,
    },
  },
};

/**
 * The plugin oidc-provider with its default claim templates: `sub` is the address of the job. As a `uri` it has to lie on
 * the issuer's host, which a template could not demand.
 */
export const jenkins: Preset = { type: 'uri', issuerUrl: 'https://<host>/oidc', subjectsOnIssuerHost: true };

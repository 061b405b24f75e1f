import type { CiProviderPreset, Preset } from './preset.ts';

/** Claims as GitHub documents them; the identity is the reusable workflow that ran. */
const workflow: CiProviderPreset = {
  name: 'github-workflow',
  defaults: { url: 'https://github.com', environment: '' },
  subjectAlternativeName: '{{ .url }}/{{ .job_workflow_ref }}',
  extensions: {
    'github-workflow-trigger': 'event_name',
    'github-workflow-sha': 'sha',
    'github-workflow-name': 'workflow',
    'github-workflow-repository': 'repository',
    'github-workflow-ref': 'ref',
    'build-signer-uri': '{{ .url }}/{{ .job_workflow_ref }}',
    'build-signer-digest': 'job_workflow_sha',
    'runner-environment': 'runner_environment',
    'source-repository-uri': '{{ .url }}/{{ .repository }}',
    'source-repository-digest': 'sha',
    'source-repository-ref': 'ref',
    'source-repository-identifier': 'repository_id',
    'source-repository-owner-uri': '{{ .url }}/{{ .repository_owner }}',
    'source-repository-owner-identifier': 'repository_owner_id',
    'build-config-uri': '{{ .url }}/{{ .workflow_ref }}',
    'build-config-digest': 'workflow_sha',
    'build-trigger': 'event_name',
    'run-invocation-uri':
      '{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}',
    'source-repository-visibility-at-signing': 'repository_visibility',
    'deployment-environment': 'environment',
  },
};

export const github: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://token.actions.githubusercontent.com',
  ciProvider: workflow,
};

/** An enterprise that has given itself an issuer of its own: the same claims under another `iss`. */
export const githubEnterpriseCloud: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://token.actions.githubusercontent.com/<enterprise>',
  ciProvider: workflow,
};

export const githubEnterpriseServer: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://<host>/_services/token',
  ciProvider: { ...workflow, name: 'github-enterprise-server', servesItself: true },
};

import type { Preset } from './preset.ts';

/** gitlab.com and self-managed servers alike: the issuer is the server. The identity is the pipeline definition. */
export const gitlab: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://gitlab.com',
  ciProvider: {
    name: 'gitlab-pipeline',
    servesItself: true,
    defaults: { url: 'https://gitlab.com', environment: '' },
    subjectAlternativeName: 'https://{{ .ci_config_ref_uri }}',
    extensions: {
      'build-signer-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-signer-digest': 'ci_config_sha',
      'runner-environment': 'runner_environment',
      'source-repository-uri': '{{ .url }}/{{ .project_path }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'refs/{{ if eq .ref_type "branch" }}heads/{{ else }}tags/{{ end }}{{ .ref }}',
      'source-repository-identifier': 'project_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .namespace_path }}',
      'source-repository-owner-identifier': 'namespace_id',
      'build-config-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-config-digest': 'ci_config_sha',
      'build-trigger': 'pipeline_source',
      'run-invocation-uri': '{{ .url }}/{{ .project_path }}/-/jobs/{{ .job_id }}',
      'source-repository-visibility-at-signing': 'project_visibility',
      'deployment-environment': 'environment',
    },
  },
};

/**
 * Codeberg and other Forgejo servers. Claims follow GitHub's but know no reusable workflow, so the identity is the
 * workflow file that was started. Servers before the immutable identifiers send no `repository_id`.
 */
export const forgejo: Preset = {
  type: 'ci-provider',
  issuerUrl: 'https://codeberg.org/api/actions',
  ciProvider: {
    name: 'forgejo-actions',
    servesItself: true,
    defaults: { url: 'https://codeberg.org', repository_id: '', repository_owner_id: '' },
    subjectAlternativeName: '{{ .url }}/{{ .workflow_ref }}',
    extensions: {
      'build-signer-uri': '{{ .url }}/{{ .workflow_ref }}',
      'build-signer-digest': 'sha',
      'source-repository-uri': '{{ .url }}/{{ .repository }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'ref',
      'source-repository-identifier': 'repository_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .repository_owner }}',
      'source-repository-owner-identifier': 'repository_owner_id',
      'build-config-uri': '{{ .url }}/{{ .workflow_ref }}',
      'build-config-digest': 'sha',
      'build-trigger': 'event_name',
      'run-invocation-uri': '{{ .url }}/{{ .repository }}/actions/runs/{{ .run_number }}',
    },
  },
};

import type { JsonObject } from '@sigstead/encoding';

/** Which issuers there are, and whose tokens theirs resemble. */
export const ISSUER_NAMES = ['github', 'email'] as const;
export type IssuerName = (typeof ISSUER_NAMES)[number];

/** Claims of a token nobody asked anything special of; what is asked replaces them, and what depends on it follows. */
export function defaultClaims(name: IssuerName, asked: JsonObject): JsonObject {
  return name === 'github' ? githubClaims(asked) : emailClaims();
}

const REPOSITORY = 'sigstead-dev/demo';
const REF = 'refs/heads/main';
/** The reusable workflow that signs, in a repository of its own: its ref is the identity in the certificate. */
const RELEASE_WORKFLOW = 'sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';
const COMMIT = '8f4c1c2a6f0e4b5d9a3e7c1b2d4f6a8091b3c5d7';
const WORKFLOW_COMMIT = '2b7e151628aed2a6abf7158809cf4f3c762e7160';

/** As GitHub Actions writes them for a push that calls a reusable workflow outside any environment. */
function githubClaims(asked: JsonObject): JsonObject {
  const repository = textOf(asked['repository'], REPOSITORY);
  const ref = textOf(asked['ref'], REF);
  const environment = textOf(asked['environment'], '');
  const owner = repository.split('/', 1)[0] as string;
  return {
    sub: `repo:${repository}:${environment === '' ? `ref:${ref}` : `environment:${environment}`}`,
    ref,
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: 'true',
    sha: COMMIT,
    repository,
    repository_id: '701234567',
    repository_owner: owner,
    repository_owner_id: '81234567',
    repository_visibility: 'private',
    actor: 'octocat',
    actor_id: '583231',
    event_name: 'push',
    base_ref: '',
    head_ref: '',
    workflow: 'Release',
    workflow_ref: `${repository}/.github/workflows/ci.yml@${ref}`,
    workflow_sha: COMMIT,
    job_workflow_ref: RELEASE_WORKFLOW,
    job_workflow_sha: WORKFLOW_COMMIT,
    run_id: '9876543210',
    run_number: '42',
    run_attempt: '1',
    runner_environment: 'github-hosted',
  };
}

function emailClaims(): JsonObject {
  return { sub: 'developer', email: 'developer@example.com', email_verified: true };
}

function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

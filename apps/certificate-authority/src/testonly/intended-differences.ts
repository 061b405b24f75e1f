import type { CertificateClaims, OidcErrorCode } from '@sigstead/oidc';

/** Where we do not do as Fulcio does, on purpose; by folder and name of the vector. */
export type IntendedDifference =
  /** Fulcio certifies it, we refuse with this code and claim. */
  | { readonly kind: 'refused'; readonly code: OidcErrorCode; readonly claim?: string; readonly why: string }
  /** Fulcio refuses every token of this issuer, we refuse the configuration. */
  | { readonly kind: 'refused-earlier'; readonly why: string }
  /** Fulcio refuses it, we certify this identity. */
  | { readonly kind: 'accepted'; readonly identity: string; readonly why: string }
  /** Both certify it; these fields are ours, all others Fulcio's. */
  | {
      readonly kind: 'different';
      readonly identity?: string;
      readonly claims: { readonly [field in keyof CertificateClaims]?: CertificateClaims[field] | undefined };
      readonly why: string;
    };

const refused = (claim: string, why: string): IntendedDifference => ({
  kind: 'refused',
  code: 'CLAIM',
  claim,
  why,
});
const refusedConfiguration = (why: string): IntendedDifference => ({ kind: 'refused', code: 'CONFIG', why });
const accepted = (identity: string, why: string): IntendedDifference => ({ kind: 'accepted', identity, why });

const NO_SUBJECT = 'a token without a subject names nobody';
const CONTROL = 'control characters could forge lines where they are shown';
const DOT_SEGMENT = 'a resolved dot segment names somebody else';
const BROKEN_ESCAPE = 'Fulcio leaves the whole path out of the identity';
const KUBERNETES = 'the API server knows no such name, and it could reach across the parts of the URI';
const QUERY = 'a claim does not turn the rest of a URI into a query';
const HOST = 'a token does not choose the host that its identity lies on';
const CONNECTOR = 'only text names an issuer';
const UNUSED = 'what is not certified is not judged';

const CHAINGUARD = 'https://issuer.enforce.dev/720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d';

const DIFFERENCES: Readonly<Record<string, IntendedDifference>> = {
  'chainguard-identity/actor-of-other-values': accepted(CHAINGUARD, UNUSED),
  'chainguard-identity/internal-text': accepted(CHAINGUARD, UNUSED),
  'chainguard-identity/broken-escape': refused('sub', BROKEN_ESCAPE),
  'chainguard-identity/dot-segments': refused('sub', DOT_SEGMENT),

  'ci-provider/circleci-job-without-project': refused(
    'oidc.circleci.com/project-id',
    'an identity with a gap is no identity',
  ),
  'ci-provider/github-workflow-empty-reference': refused(
    'job_workflow_ref',
    'an identity with a gap is no identity',
  ),
  'ci-provider/github-workflow-claims-another-url': {
    kind: 'different',
    identity: 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1',
    claims: {
      buildSignerUri: 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1',
      sourceRepositoryUri: 'https://github.com/octo/app',
      sourceRepositoryOwnerUri: 'https://github.com/octo',
      buildConfigUri: 'https://github.com/octo/app/.github/workflows/ci.yml@refs/heads/main',
      runInvocationUri: 'https://github.com/octo/app/actions/runs/123456/attempts/2',
    },
    why: HOST,
  },
  'ci-provider/github-workflow-control-character': refused('workflow', CONTROL),
  'ci-provider/github-workflow-no-subject': refused('sub', NO_SUBJECT),

  'codefresh-workflow/dot-segments-in-pipeline-name': refused('pipeline_name', DOT_SEGMENT),
  'codefresh-workflow/platform-without-scheme': refused('platform_url', 'a URI without a scheme is none'),

  'email/dex-connector-boolean': refused('federated_claims.connector_id', CONNECTOR),
  'email/dex-connector-list': refused('federated_claims.connector_id', CONNECTOR),
  'email/dex-connector-number': refused('federated_claims.connector_id', CONNECTOR),
  'email/dex-connector-null': refused('federated_claims.connector_id', CONNECTOR),
  'email/empty-subject': refused('sub', NO_SUBJECT),
  'email/without-subject': refused('sub', NO_SUBJECT),
  'email/issuer-claim-list-element': refusedConfiguration('paths lead through objects only'),
  'email/long-address': refused('email', 'RFC 5321 section 4.5.3.1 allows 254 characters'),
  'email/long-local-part': refused('email', 'RFC 5321 section 4.5.3.1 allows 64 characters'),
  'email/trailing-dot-domain': refused('email', 'RFC 5321 section 2.3.5 has no trailing dot'),
  'email/underscore-in-domain': refused('email', 'RFC 5321 section 2.3.5 has no underscore'),
  'email/name-of-claim-in-capitals': refused('email', 'names of claims are case-sensitive (RFC 7519)'),
  'email/skip-verification-with-nonsense': accepted('dev@example.com', UNUSED),
  'email/subject-with-line-break': refused('sub', CONTROL),

  'github-workflow/broken-escape-in-reference': refused('job_workflow_ref', BROKEN_ESCAPE),
  'github-workflow/dot-segments-in-reference': refused('job_workflow_ref', DOT_SEGMENT),
  'github-workflow/no-subject': refused('sub', NO_SUBJECT),

  'gitlab-pipeline/colon-in-reference': {
    kind: 'different',
    identity: 'https://gitlab.com:8443/octo/app//x.yml@refs/heads/main',
    claims: {
      buildSignerUri: 'https://gitlab.com:8443/octo/app//x.yml@refs/heads/main',
      buildConfigUri: 'https://gitlab.com:8443/octo/app//x.yml@refs/heads/main',
    },
    why: 'Fulcio takes the host for a scheme and loses it',
  },
  'gitlab-pipeline/dot-segments-in-project': refused('project_path', DOT_SEGMENT),

  'kubernetes/claim-absent': refused('kubernetes.io.namespace', KUBERNETES),
  'kubernetes/claim-null': refused('kubernetes.io.namespace', KUBERNETES),
  'kubernetes/empty-namespace': refused('kubernetes.io.namespace', KUBERNETES),
  'kubernetes/namespace-absent': refused('kubernetes.io.namespace', KUBERNETES),
  'kubernetes/path-in-namespace': refused('kubernetes.io.namespace', KUBERNETES),
  'kubernetes/dot-segments-in-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/empty-service-account': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/escape-in-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/fragment-in-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/query-in-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/service-account-absent': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/space-in-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/unicode-name': refused('kubernetes.io.serviceaccount.name', KUBERNETES),
  'kubernetes/no-subject': refused('sub', NO_SUBJECT),

  'spiffe/long-path': refused('sub', 'the SPIFFE ID specification allows 2048 bytes'),

  'template/claim-empties-default': {
    kind: 'different',
    identity: 'https://ci.example.com/octo/release',
    claims: {},
    why: HOST,
  },
  'template/claim-overrides-default': {
    kind: 'different',
    identity: 'https://ci.example.com/octo/release',
    claims: {},
    why: HOST,
  },
  'template/identity-empty': refused('flow', 'an identity with a gap is no identity'),
  'template/identity-empty-query': refused('flow', QUERY),
  'template/identity-no-template': {
    kind: 'refused-earlier',
    why: 'a provider without a template for the identity certifies nobody',
  },
  'template/provider-without-metadata': {
    kind: 'refused-earlier',
    why: 'a provider without templates certifies nobody',
  },
  'template/identity-query': refused('flow', QUERY),
  'template/identity-without-scheme': refused('subjectAlternativeName', 'a URI without a scheme is none'),
  'template/no-subject': refused('sub', NO_SUBJECT),
  'template/template-only-spaces': {
    kind: 'different',
    claims: { buildTrigger: undefined },
    why: 'Fulcio certifies the template itself, that is the spaces',
  },
  'template/template-variable': refusedConfiguration('templates have no variables'),
  'template/value-line-break': refused('value', CONTROL),
  'template/value-lone-surrogate': refused('value', 'Fulcio certifies a replacement character'),
  'template/value-long': refused('value', 'claims are bounded'),
  'template/value-nul': refused('value', CONTROL),

  'token/expiry-text': refused('exp', 'a time is a number (RFC 7519 section 2)'),

  'uri/user-information': refused('sub', 'what stands before the host is taken for the host'),

  'username/empty-subject': refused('sub', NO_SUBJECT),
  'username/no-subject': refused('sub', NO_SUBJECT),
  'username/line-break': refused('sub', CONTROL),
};

export const intendedDifferences: ReadonlyMap<string, IntendedDifference> = new Map(
  Object.entries(DIFFERENCES),
);

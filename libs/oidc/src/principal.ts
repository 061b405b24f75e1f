import type { CertificateClaims } from './certificate-claims.ts';
import { buildkitePrincipal } from './principals/buildkite-job.ts';
import { chainguardPrincipal } from './principals/chainguard-identity.ts';
import { ciProviderPrincipal } from './principals/ci-provider.ts';
import { codefreshPrincipal } from './principals/codefresh-workflow.ts';
import { emailPrincipal } from './principals/email.ts';
import { githubWorkflowPrincipal } from './principals/github-workflow.ts';
import { gitlabPipelinePrincipal } from './principals/gitlab-pipeline.ts';
import { kubernetesPrincipal } from './principals/kubernetes.ts';
import { spiffePrincipal } from './principals/spiffe.ts';
import { uriPrincipal } from './principals/uri.ts';
import { usernamePrincipal } from './principals/username.ts';
import type { VerifiedToken } from './verify-token.ts';

/** Who asks for a certificate, as far as the identity token tells. */
export interface Principal {
  /** Texts whose signature proves possession of the private key; any one of them does. Never empty. */
  readonly proofOfPossessionSubjects: readonly string[];
  readonly subjectAlternativeName: SubjectAlternativeName;
  readonly claims: CertificateClaims;
}

/** `otherName` is a user name `subject!domain` (type-id 1.3.6.1.4.1.57264.1.7). */
export interface SubjectAlternativeName {
  readonly type: 'uri' | 'email' | 'otherName';
  readonly value: string;
}

/**
 * The principal of a verified token, by the type of its issuer (Fulcio, pkg/identity).
 *
 * @throws OidcError CLAIM naming the claim that is missing or unusable
 */
export function principalOf(token: VerifiedToken): Principal {
  const { issuer } = token;
  switch (issuer.type) {
    case 'email':
      return emailPrincipal(token, issuer);
    case 'spiffe':
      return spiffePrincipal(token, issuer);
    case 'uri':
      return uriPrincipal(token, issuer);
    case 'username':
      return usernamePrincipal(token, issuer);
    case 'kubernetes':
      return kubernetesPrincipal(token);
    case 'github-workflow':
      return githubWorkflowPrincipal(token);
    case 'gitlab-pipeline':
      return gitlabPipelinePrincipal(token);
    case 'buildkite-job':
      return buildkitePrincipal(token);
    case 'codefresh-workflow':
      return codefreshPrincipal(token);
    case 'chainguard-identity':
      return chainguardPrincipal(token);
    case 'ci-provider':
      return ciProviderPrincipal(token, issuer);
  }
}

import type { IssuerConfig } from '@sigstead/oidc';

/** Fulcio's `OIDCIssuer` in proto3 JSON, unset fields written out. */
export function describeIssuer({ issuerUrl, clientId, type }: IssuerConfig): object {
  return {
    issuerUrl,
    audience: clientId,
    challengeClaim: type === 'email' ? 'email' : 'sub',
    spiffeTrustDomain: '',
    issuerType: type,
    subjectDomain: '',
    skipEmailVerification: false,
  };
}

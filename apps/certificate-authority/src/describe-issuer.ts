import type { IssuerConfig, MetaIssuerConfig } from '@sigstead/oidc';

/** Fulcio's `OIDCIssuer` in proto3 JSON, unset fields written out. A meta issuer is known by its pattern. */
export function describeIssuer(config: IssuerConfig | MetaIssuerConfig): object {
  return {
    ...('issuerUrl' in config
      ? { issuerUrl: config.issuerUrl }
      : { wildcardIssuerUrl: config.issuerPattern }),
    audience: config.clientId,
    challengeClaim: config.challengeClaim ?? (config.type === 'email' ? 'email' : 'sub'),
    spiffeTrustDomain: config.type === 'spiffe' ? config.trustDomain : '',
    issuerType: config.type,
    subjectDomain: config.type === 'uri' || config.type === 'username' ? config.subjectDomain : '',
    skipEmailVerification: config.type === 'email' && config.skipEmailVerification,
  };
}

export { acceptedAlgorithms } from './algorithms.ts';
export type { CertificateClaims } from './certificate-claims.ts';
export { checkIssuer, type IssuerReport, type IssuerStep } from './check-issuer.ts';
export type { CheckOutcome, CheckStep } from './check-report.ts';
export { checkToken, type CheckReport, type CheckTokenOptions, type TokenStep } from './check-token.ts';
export type {
  CiProviderExtension,
  CiProviderExtensionField,
  CiProviderMetadata,
} from './ci-provider-metadata.ts';
export type { ClaimPath } from './claim-path.ts';
export { MAX_TOKEN_LENGTH } from './compact-token.ts';
export { parseIssuerConfiguration } from './configuration/parse-issuer-configuration.ts';
export { OidcError, type OidcErrorCode, type OidcErrorOptions } from './errors.ts';
export type { IssuerAccess, IssuerFetch } from './fetch-json.ts';
export {
  issuerTypes,
  type CiProviderIssuer,
  type DomainIssuer,
  type EmailIssuer,
  type IssuerConfig,
  type IssuerConfiguration,
  type IssuerType,
  type MetaIssuerConfig,
  type SpiffeIssuer,
} from './issuer-config.ts';
export { IssuerPool, type IssuerPoolOptions, type PooledIssuer } from './issuer-pool.ts';
export { presetNames, presets, type PresetName } from './presets/presets.ts';
export { renderPreset, type PresetChoices } from './presets/render-preset.ts';
export { principalOf, type Principal, type SubjectAlternativeName } from './principal.ts';
export type { Clock } from './provider-cache.ts';
export { Template } from './template/template.ts';
export { verifyToken, type VerifiedToken } from './verify-token.ts';

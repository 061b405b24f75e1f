export { acceptedAlgorithms } from './algorithms.ts';
export { MAX_TOKEN_LENGTH } from './compact-token.ts';
export { OidcError, type OidcErrorCode, type OidcErrorOptions } from './errors.ts';
export type { Fetch } from './fetch-json.ts';
export {
  parseIssuerConfigs,
  type EmailIssuer,
  type GithubWorkflowIssuer,
  type IssuerConfig,
} from './issuer-config.ts';
export { IssuerPool, type IssuerPoolOptions } from './issuer-pool.ts';
export { principalOf, type CertificateClaims, type Principal } from './principal.ts';
export type { Clock } from './provider-cache.ts';
export { verifyToken, type VerifiedToken } from './verify-token.ts';

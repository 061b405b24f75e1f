export { createDevelopmentIssuer, type DevelopmentIssuerOptions } from './create-issuer.ts';
export { ISSUER_NAMES, type IssuerName } from './default-claims.ts';

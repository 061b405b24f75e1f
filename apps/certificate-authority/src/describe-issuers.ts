import type { IssuerPool } from '@sigstead/oidc';
import { describeIssuer } from './describe-issuer.ts';

/** The issuers in use, named ones first, in the JSON form of Fulcio's `OIDCIssuer`. */
export function describeIssuers({ configuration }: IssuerPool): object[] {
  return [...configuration.issuers, ...configuration.metaIssuers].map(describeIssuer);
}

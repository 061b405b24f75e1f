import { parseIssuerConfiguration } from '../configuration/parse-issuer-configuration.ts';
import type { IssuerConfig, IssuerConfiguration } from '../issuer-config.ts';

/** A configuration of exactly these issuers, whatever they have. */
export function configurationOf(...issuers: readonly IssuerConfig[]): IssuerConfiguration {
  return { issuers, metaIssuers: [], ignored: [] };
}

/** One issuer as the configuration file makes it of these fields. */
export function issuerOf(issuerUrl: string, fields: Readonly<Record<string, unknown>>): IssuerConfig {
  const file = { 'oidc-issuers': { [issuerUrl]: { 'client-id': 'sigstore', ...fields } } };
  const [issuer] = parseIssuerConfiguration(JSON.stringify(file)).issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
}

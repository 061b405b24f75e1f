import { OidcError } from './errors.ts';
import type { Fetch } from './fetch-json.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { ProviderCache, type Clock } from './provider-cache.ts';

export interface IssuerPoolOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** For each document of an issuer, 5 seconds unless told. */
  readonly timeoutMs?: number;
}

export interface PooledIssuer {
  readonly config: IssuerConfig;
  readonly provider: ProviderCache;
}

/** The configured issuers with what is known of their keys. Nothing is dialled before a token asks for it. */
export class IssuerPool {
  readonly #issuers: ReadonlyMap<string, PooledIssuer>;

  /** @throws OidcError CONFIG when two configurations have the same issuer, JWKS when a pinned key set is unusable */
  constructor(configs: readonly IssuerConfig[], options: IssuerPoolOptions) {
    const limits = { fetch: options.fetch, timeoutMs: options.timeoutMs ?? 5_000 };
    const issuers = new Map<string, PooledIssuer>();
    for (const config of configs) {
      if (issuers.has(config.issuerUrl))
        throw new OidcError('CONFIG', `issuer ${config.issuerUrl} is configured twice`);
      issuers.set(config.issuerUrl, { config, provider: new ProviderCache(config, limits, options.clock) });
    }
    this.#issuers = issuers;
  }

  get configs(): readonly IssuerConfig[] {
    return [...this.#issuers.values()].map(({ config }) => config);
  }

  /** The issuer with exactly this URL: no normalising, no prefix, no pattern. */
  find(issuerUrl: string): PooledIssuer | undefined {
    return this.#issuers.get(issuerUrl);
  }
}

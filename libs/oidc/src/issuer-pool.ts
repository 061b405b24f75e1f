import type { IssuerFetch } from './fetch-json.ts';
import type { IssuerConfig, IssuerConfiguration } from './issuer-config.ts';
import { matchesIssuerPattern } from './issuer-pattern.ts';
import { ProviderCache, type Clock } from './provider-cache.ts';
import type { ProviderLimits } from './provider.ts';
import { boundStrangers, type StrangerBound } from './stranger-bound.ts';
import { parseWebUrl } from './web-url.ts';

export interface IssuerPoolOptions {
  readonly fetch: IssuerFetch;
  readonly clock: Clock;
  /** For each document of an issuer, 5 seconds unless told. */
  readonly timeoutMs?: number;
  /** The pool before a change of the configuration: what it knows of issuers that are dialled as before is kept. */
  readonly previous?: IssuerPool;
}

export interface PooledIssuer {
  readonly config: IssuerConfig;
  readonly provider: ProviderCache;
}

/** Longer than any URL that can be configured. */
const MAX_ISSUER_LENGTH = 2048;
/** Issuers that are known by a pattern: so many that have shown their keys, and as many that have not. */
const MAX_MATCHED = 100;

/** The configured issuers with what is known of their keys. Nothing is dialled before a token asks for it. */
export class IssuerPool {
  readonly configuration: IssuerConfiguration;
  readonly #limits: ProviderLimits;
  readonly #clock: Clock;
  readonly #issuers: ReadonlyMap<string, PooledIssuer>;
  /** Matched by a pattern, in order of use. Anybody can name strangers, so they never push out the acquainted. */
  readonly #acquainted = new Map<string, PooledIssuer>();
  readonly #strangers = new Map<string, PooledIssuer>();
  readonly #strangerBound: StrangerBound;

  /** @throws OidcError JWKS when a pinned key set is unusable */
  constructor(configuration: IssuerConfiguration, options: IssuerPoolOptions) {
    const { fetch, clock, timeoutMs = 5_000, previous } = options;
    this.configuration = configuration;
    this.#limits = { fetch, timeoutMs };
    this.#clock = clock;
    this.#strangerBound = previous === undefined ? boundStrangers() : previous.#strangerBound;
    this.#issuers = new Map(
      configuration.issuers.map((config) => {
        const known = previous === undefined ? undefined : previous.#kept(config);
        return [
          config.issuerUrl,
          { config, provider: known ?? new ProviderCache(config, this.#limits, clock) },
        ];
      }),
    );
    if (previous !== undefined) this.#keepAcquainted(previous);
  }

  /** The issuer with exactly this URL, else one whose pattern stands for it. */
  find(issuerUrl: string): PooledIssuer | undefined {
    return this.#issuers.get(issuerUrl) ?? this.#findMatched(issuerUrl);
  }

  #findMatched(issuerUrl: string): PooledIssuer | undefined {
    this.#welcomeAcquainted();
    const known = this.#acquainted.get(issuerUrl) ?? this.#strangers.get(issuerUrl);
    const config = known?.config ?? this.#match(issuerUrl);
    if (config === undefined) return undefined;
    const issuer = known ?? { config, provider: this.#providerOfStranger(config) };
    use(issuer.provider.isAcquainted ? this.#acquainted : this.#strangers, issuerUrl, issuer);
    return issuer;
  }

  /** A stranger becomes acquainted while its token is judged, some time after it was found. */
  #welcomeAcquainted(): void {
    for (const [issuerUrl, issuer] of this.#strangers) {
      if (!issuer.provider.isAcquainted) continue;
      this.#strangers.delete(issuerUrl);
      use(this.#acquainted, issuerUrl, issuer);
    }
  }

  #keepAcquainted(previous: IssuerPool): void {
    previous.#welcomeAcquainted();
    for (const issuerUrl of previous.#acquainted.keys()) {
      const config = this.#match(issuerUrl);
      const provider = config && previous.#kept(config);
      if (config !== undefined && provider !== undefined)
        this.#acquainted.set(issuerUrl, { config, provider });
    }
  }

  #match(issuerUrl: string): IssuerConfig | undefined {
    if (issuerUrl.length > MAX_ISSUER_LENGTH || this.#issuers.has(issuerUrl)) return undefined;
    const { metaIssuers } = this.configuration;
    const meta = metaIssuers.find(({ issuerPattern }) => matchesIssuerPattern(issuerPattern, issuerUrl));
    // What stands for a star need not make a host name: `xn--` with nothing behind it is no URL.
    return meta && parseWebUrl(issuerUrl) !== undefined ? { ...meta, issuerUrl } : undefined;
  }

  #providerOfStranger(config: IssuerConfig): ProviderCache {
    const bounded = this.#strangerBound(this.#limits.fetch, () => provider.isAcquainted);
    const provider = new ProviderCache(config, { ...this.#limits, fetch: bounded }, this.#clock);
    return provider;
  }

  /** What is known of an issuer, if it was dialled then as it is to be dialled now. */
  #kept(config: IssuerConfig): ProviderCache | undefined {
    const { issuerUrl } = config;
    const known = this.#issuers.get(issuerUrl) ?? this.#acquainted.get(issuerUrl);
    return known !== undefined && dialling(known.config) === dialling(config) ? known.provider : undefined;
  }
}

/** Puts it last in the order of use, and lets the first go when there are too many. */
function use(issuers: Map<string, PooledIssuer>, issuerUrl: string, issuer: PooledIssuer): void {
  issuers.delete(issuerUrl);
  issuers.set(issuerUrl, issuer);
  const [first] = issuers.keys();
  if (issuers.size > MAX_MATCHED && first !== undefined) issuers.delete(first);
}

/** Everything that decides what is dialled and whom it is taken for. */
function dialling(config: IssuerConfig): string {
  const { issuerUrl, issuerPattern, discoveryUrl, jwks, caCertificates, allowInsecureHttp } = config;
  return JSON.stringify([issuerUrl, issuerPattern, discoveryUrl, jwks, caCertificates, allowInsecureHttp]);
}

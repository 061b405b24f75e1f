import type { IssuerConfig } from './issuer-config.ts';
import { fetchProvider, pinnedProvider, type Provider, type ProviderLimits } from './provider.ts';

export type Clock = () => Date;

/** Keys are looked up again after this, so that a withdrawn key stops counting. */
const MAX_AGE_MS = 10 * 60_000;
/** While the issuer is down its last known keys count for this long; they came from it and were checked. */
const MAX_STALE_MS = 60 * 60_000;
/** At most one extra look per this time for keys nobody knows: a flood of made-up key ids costs nothing more. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** After a failure the same answer is given for this long instead of dialling a dead issuer per request. */
const FAILURE_COOLDOWN_MS = 2_000;
/** For this long after a failure the issuer counts as down: known keys are used without waiting for it. */
const OUTAGE_MS = 60_000;

/** One issuer's keys, fetched when first needed (a dead issuer never stops a start) and by one request at a time. */
export class ProviderCache {
  readonly #config: IssuerConfig;
  readonly #limits: ProviderLimits;
  readonly #clock: Clock;
  readonly #pinned: Provider | undefined;
  #loaded: { readonly provider: Provider; readonly atMs: number } | undefined;
  #failed: { readonly error: unknown; readonly atMs: number } | undefined;
  #askedForUnknownKeyAtMs: number | undefined;
  #flight: Promise<Provider> | undefined;

  constructor(config: IssuerConfig, limits: ProviderLimits, clock: Clock) {
    this.#config = config;
    this.#limits = limits;
    this.#clock = clock;
    this.#pinned = config.jwks === undefined ? undefined : pinnedProvider(config.jwks);
  }

  /** @throws OidcError DISCOVERY or JWKS when the issuer cannot be asked and no recent answer is known */
  async current(): Promise<Provider> {
    if (this.#pinned !== undefined) return this.#pinned;
    const loaded = this.#loaded;
    if (loaded === undefined || !this.#within(loaded.atMs, MAX_STALE_MS)) return this.#load();
    if (this.#within(loaded.atMs, MAX_AGE_MS)) return loaded.provider;
    const last = this.#load().catch(() => loaded.provider);
    // An issuer that hangs would hold up every request for the time it is given; it is asked beside them.
    const isDown = this.#failed !== undefined && this.#within(this.#failed.atMs, OUTAGE_MS);
    return isDown ? loaded.provider : last;
  }

  /** Whether the issuer has ever shown its keys. */
  get isAcquainted(): boolean {
    return this.#pinned !== undefined || this.#loaded !== undefined;
  }

  /** How far the issuer's clock was ahead of ours when it last answered, give or take a second and the way of the answer. */
  get clockLeadMs(): number | undefined {
    const { provider, atMs } = this.#loaded ?? {};
    if (provider?.issuerTime === undefined || atMs === undefined) return undefined;
    return provider.issuerTime.getTime() - atMs;
  }

  /**
   * A fresh look because a token names a key that is not in the set; nothing when one was taken a moment ago.
   *
   * @throws OidcError DISCOVERY or JWKS
   */
  async refreshed(): Promise<Provider | undefined> {
    if (this.#pinned !== undefined) return undefined;
    if (this.#flight !== undefined) return this.#flight;
    if (
      this.#askedForUnknownKeyAtMs !== undefined &&
      this.#within(this.#askedForUnknownKeyAtMs, UNKNOWN_KEY_COOLDOWN_MS)
    ) {
      return undefined;
    }
    this.#askedForUnknownKeyAtMs = this.#clock().getTime();
    return this.#load();
  }

  #load(): Promise<Provider> {
    if (this.#flight !== undefined) return this.#flight;
    if (this.#failed !== undefined && this.#within(this.#failed.atMs, FAILURE_COOLDOWN_MS)) {
      return Promise.reject(this.#failed.error);
    }
    this.#flight = this.#fetch().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #fetch(): Promise<Provider> {
    try {
      const provider = await fetchProvider(this.#config, this.#limits);
      this.#loaded = { provider, atMs: this.#clock().getTime() };
      this.#failed = undefined;
      return provider;
    } catch (error) {
      this.#failed = { error, atMs: this.#clock().getTime() };
      throw error;
    }
  }

  // A clock that was set back makes everything old rather than young for ever.
  #within(sinceMs: number, spanMs: number): boolean {
    const age = this.#clock().getTime() - sinceMs;
    return age >= 0 && age < spanMs;
  }
}

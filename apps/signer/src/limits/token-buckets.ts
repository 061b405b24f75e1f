interface Bucket {
  /** May be negative: what was taken at once beyond the burst has to be made good. */
  readonly tokens: number;
  readonly atMs: number;
}

/** Above this many, buckets that are full again are forgotten. */
const MAX_BUCKETS = 50_000;

/** What sums of fractions are off by, generously. */
const ROUNDING = 1e-6;

/** A token bucket for each key: so much at once, so much each minute. Of this process: replicas have their own. */
export class TokenBuckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perMinute, burst }: { readonly perMinute: number; readonly burst: number }) {
    this.#perMs = perMinute / 60_000;
    this.#burst = burst;
  }

  /**
   * Takes `cost`, or nothing. A cost beyond the burst is taken from a full bucket, which then takes the longer to fill.
   *
   * @returns 0 when it was taken, else milliseconds until it could be
   */
  take(key: string, cost: number, now: Date): number {
    const tokens = this.#tokens(key, now);
    const missing = Math.min(cost, this.#burst) - tokens;
    if (missing > ROUNDING) return Math.ceil((missing - ROUNDING) / this.#perMs);
    this.#buckets.set(key, { tokens: tokens - cost, atMs: now.getTime() });
    if (this.#buckets.size > MAX_BUCKETS) this.#forgetFull(now);
    return 0;
  }

  #tokens(key: string, now: Date): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.#burst;
    const passed = Math.max(0, now.getTime() - bucket.atMs);
    return Math.min(this.#burst, bucket.tokens + passed * this.#perMs);
  }

  #forgetFull(now: Date): void {
    for (const key of this.#buckets.keys())
      if (this.#tokens(key, now) >= this.#burst) this.#buckets.delete(key);
  }
}

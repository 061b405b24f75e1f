import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

export interface VerdictCacheSettings {
  readonly maxEntries: number;
  /** How long a verdict is kept; 0 for not at all. */
  readonly lifetimeMs: number;
}

export const DEFAULT_VERDICT_CACHE: VerdictCacheSettings = {
  maxEntries: 10_000,
  lifetimeMs: 300_000,
};

/** Largest verdict kept, by a measure that need not be exact: an image with hundreds of signatures is not worth it. */
const MAX_SIGNATURES = 32;

interface Verdict {
  readonly verified: boolean;
  readonly signatures: readonly unknown[];
}

/**
 * Verdicts by everything they depend on: artifact, policy, trusted roots, revocations, and what the signatures are. Only those that
 * verified are kept: a log that was down for a moment refuses nobody for longer than that.
 */
export class VerdictCache<T extends Verdict> {
  readonly #entries: LRUCache<string, T>;
  readonly #settings: VerdictCacheSettings;

  constructor(settings: VerdictCacheSettings) {
    this.#settings = settings;
    this.#entries = new LRUCache({ max: Math.max(1, settings.maxEntries) });
  }

  /**
   * @param key parts, each as it is; equal lists of parts are the same verdict
   * @returns the verdict and whether it was at hand
   */
  async find(
    key: readonly string[],
    judge: () => T | Promise<T>,
  ): Promise<{ readonly verdict: T; readonly cached: boolean }> {
    const name = createHash('sha256').update(JSON.stringify(key)).digest('base64');
    const known = this.#entries.get(name);
    if (known !== undefined) return { verdict: known, cached: true };
    const verdict = await judge();
    const ttl = this.#settings.lifetimeMs;
    if (verdict.verified && ttl > 0 && verdict.signatures.length <= MAX_SIGNATURES)
      this.#entries.set(name, verdict, { ttl });
    return { verdict, cached: false };
  }
}

import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

export interface VerdictCacheSettings {
  readonly maxEntries: number;
  /** How long a verdict that verified counts. */
  readonly verifiedMs: number;
  /** How long a refusal counts: shorter, as a signature may come any time. */
  readonly refusedMs: number;
}

export const DEFAULT_VERDICT_CACHE: VerdictCacheSettings = {
  maxEntries: 10_000,
  verifiedMs: 300_000,
  refusedMs: 10_000,
};

/** Largest verdict kept, by a measure that need not be exact: an image with hundreds of signatures is not worth it. */
const MAX_SIGNATURES = 32;

interface Verdict {
  readonly verified: boolean;
  readonly signatures: readonly unknown[];
}

/**
 * Verdicts by everything they depend on: artifact, policy, trusted roots, revocations, and where the signatures came from. What is
 * judged anew all the same is which artifact a tag stands for. A signature that is added counts when the refusal has run out; one that
 * is taken away from a registry goes on counting for a while, as it would for whoever has a copy.
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
    const ttl = verdict.verified ? this.#settings.verifiedMs : this.#settings.refusedMs;
    if (ttl > 0 && verdict.signatures.length <= MAX_SIGNATURES) this.#entries.set(name, verdict, { ttl });
    return { verdict, cached: false };
  }
}

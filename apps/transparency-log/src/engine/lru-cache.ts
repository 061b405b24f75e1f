/**
 * A map of bounded weight that forgets what was used longest ago. Only for things that never change: there is no invalidation.
 */
export class LruCache<V> {
  readonly #maxWeight: number;
  readonly #entries = new Map<string, { value: V; weight: number }>();
  #weight = 0;

  /** @param maxWeight in the unit of the weights given to {@link set}, bytes as a rule */
  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A Map iterates in insertion order: putting the entry back at the end makes the first one the oldest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }

  set(key: string, value: V, weight: number): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const [oldest, entry] of this.#entries) {
      if (this.#weight <= this.#maxWeight) break;
      this.#entries.delete(oldest);
      this.#weight -= entry.weight;
    }
  }

  get weight(): number {
    return this.#weight;
  }
}

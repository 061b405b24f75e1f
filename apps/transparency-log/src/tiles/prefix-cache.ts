import { LruCache } from '../engine/lru-cache.ts';

/** The beginning of something that only grows: of a tile, its first `width` hashes. */
export interface Prefix<T> {
  readonly width: number;
  readonly value: T;
  /** Bytes it takes to keep it. */
  readonly weight: number;
}

export interface PrefixSource<T> {
  /** How much of it may be shown now; asked again for everybody who wants more than is known. */
  published(): Promise<number>;
  load(width: number): Promise<Prefix<T>>;
}

/**
 * What was read of things that grow at their end and never change before it. A prefix that is long enough answers without a
 * question; of those who need a longer one at the same time, the first reads it for all.
 */
export class PrefixCache<T> {
  readonly #known: LruCache<Prefix<T>>;
  readonly #loading = new Map<string, { readonly width: number; readonly prefix: Promise<Prefix<T>> }>();

  /** @param maxWeight bytes */
  constructor(maxWeight: number) {
    this.#known = new LruCache(maxWeight);
  }

  /** At least the first `width` of it; undefined while less than that is published. */
  async get(key: string, width: number, source: PrefixSource<T>): Promise<T | undefined> {
    const present = this.#present(key, width);
    if (present !== undefined) return (await present).value;
    const published = await source.published();
    if (published < width) return undefined;
    const loading = this.#present(key, width) ?? this.#load(key, published, source);
    return (await loading).value;
  }

  #present(key: string, width: number): Promise<Prefix<T>> | Prefix<T> | undefined {
    const known = this.#known.get(key);
    if (known !== undefined && known.width >= width) return known;
    const loading = this.#loading.get(key);
    return loading !== undefined && loading.width >= width ? loading.prefix : undefined;
  }

  async #load(key: string, width: number, source: PrefixSource<T>): Promise<Prefix<T>> {
    const loading = { width, prefix: source.load(width) };
    this.#loading.set(key, loading);
    try {
      const prefix = await loading.prefix;
      if ((this.#known.get(key)?.width ?? 0) < width) this.#known.set(key, prefix, prefix.weight);
      return prefix;
    } finally {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    }
  }
}

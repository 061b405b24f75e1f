import { LruCache } from '../engine/lru-cache.ts';

/**
 * Bytes by name, that are found again as long as anybody has them: what is on its way to a slow client is not made once more for the
 * next one, so any number of slow clients holds no more than there is to hold. Beyond that, what was used last is kept.
 */
export class HeldBytes {
  readonly #kept: LruCache<Uint8Array>;
  readonly #held = new Map<string, Held>();
  readonly #released = new FinalizationRegistry<string>((name) => {
    if (this.#held.get(name)?.buffer.deref() === undefined) this.#held.delete(name);
  });

  /** @param keptBytes kept when nobody has them */
  constructor(keptBytes: number) {
    this.#kept = new LruCache(keptBytes);
  }

  get(name: string): Uint8Array | undefined {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const held = this.#held.get(name);
    const buffer = held?.buffer.deref();
    return held && buffer && new Uint8Array(buffer, held.byteOffset, held.byteLength);
  }

  /** @param bytes whoever has them has a view of the same buffer */
  set(name: string, bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#kept.set(name, bytes, byteLength);
    this.#held.set(name, { buffer: new WeakRef(buffer), byteOffset, byteLength });
    this.#released.register(buffer, name);
  }
}

/** A view does not outlive its holder; the buffer is what all views have in common. */
interface Held {
  readonly buffer: WeakRef<ArrayBufferLike>;
  readonly byteOffset: number;
  readonly byteLength: number;
}

import { LogError } from '../errors.ts';

/** How much of something, in numbers and in bytes. */
export interface Bounds {
  readonly entries: number;
  readonly bytes: number;
}

/** First in, first out, bounded in number and in bytes: a crowd of large entries must not exhaust the memory of the process. */
export class SubmissionQueue<T extends { readonly bytes: number }> {
  readonly #bounds: Bounds;
  #items: T[] = [];
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#items.length;
  }

  /** @throws LogError OVERLOADED when one more of `bytes` does not fit; into an empty queue anything fits */
  assertRoom(bytes: number): void {
    if (this.#items.length === 0) return;
    if (this.#items.length >= this.#bounds.entries || this.#bytes + bytes > this.#bounds.bytes) {
      throw new LogError('OVERLOADED', `${this.#items.length} entries are waiting already`);
    }
  }

  push(item: T): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
  }

  /** Takes from the front what stays within the bounds, at least one. */
  take(bounds: Bounds): T[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.#items) {
      if (count === bounds.entries || (count > 0 && bytes + item.bytes > bounds.bytes)) break;
      bytes += item.bytes;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#items.splice(0, count);
  }

  /** Back to the front, in order. They were taken before, so they find room whatever came meanwhile. */
  putBack(items: readonly T[]): void {
    this.#items = [...items, ...this.#items];
    for (const { bytes } of items) this.#bytes += bytes;
  }
}

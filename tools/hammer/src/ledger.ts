import { decodeHex, encodeHex } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT } from '@sigstead/merkle';
import type { Head, Place } from './face.ts';

interface KnownPlace {
  readonly leaf: string;
  readonly identity: string;
}

/** What the log ever promised, and every way in which it broke a promise. */
export class Ledger {
  readonly violations: string[] = [];
  /** By index, in hex. */
  readonly #places = new Map<number, KnownPlace>();
  /** By identity. */
  readonly #indexes = new Map<string, number>();
  /** Root in hex, by size: every signed state of the log that anybody was shown. */
  readonly #heads = new Map<bigint, string>([[0n, encodeHex(EMPTY_ROOT)]]);

  get entries(): number {
    return this.#places.size;
  }

  /** The state without entries does not count. */
  get checkpoints(): number {
    return this.#heads.size - 1;
  }

  isKnown(index: number): boolean {
    return this.#places.has(index);
  }

  at(index: number): Place | undefined {
    const place = this.#places.get(index);
    return place && { index, leafHash: decodeHex(place.leaf), identity: decodeHex(place.identity) };
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  recordHead({ size, rootHash }: Head): void {
    const root = encodeHex(rootHash);
    const known = this.#heads.get(size);
    if (known === undefined) this.#heads.set(size, root);
    else if (known !== root) this.violate(`two signed roots of size ${size}: ${known} and ${root}`);
  }

  record({ index, leafHash, ...place }: Place): void {
    const leaf = encodeHex(leafHash);
    // One text where they are the same: there may be millions.
    const identity = place.identity === leafHash ? leaf : encodeHex(place.identity);
    const present = this.#places.get(index);
    if (present !== undefined && present.leaf !== leaf)
      return this.violate(`index ${index} was given to two entries`);
    const before = this.#indexes.get(identity);
    if (before !== undefined && before !== index)
      return this.violate(`entry ${identity} is in the log twice, at ${before} and ${index}`);
    if (present !== undefined) return;
    this.#places.set(index, { leaf, identity });
    this.#indexes.set(identity, index);
  }

  /** Rebuilds the tree of the final head from its leaves, and compares every state that was ever shown with it. */
  close(final: Head): void {
    const range = CompactRange.empty();
    const size = Number(final.size);
    for (let index = 0; index < size; index++) {
      const place = this.#places.get(index);
      if (place === undefined) return this.violate(`there is no entry ${index} in a tree of ${size}`);
      range.append(decodeHex(place.leaf));
      const shown = this.#heads.get(range.size);
      if (shown !== undefined && shown !== encodeHex(range.root()))
        this.violate(`the signed root of size ${range.size} is not that of the entries`);
    }
    const computed = encodeHex(size === 0 ? EMPTY_ROOT : range.root());
    if (computed !== encodeHex(final.rootHash)) this.violate('the final root is not that of the entries');
    for (const index of this.#places.keys())
      if (index >= size) this.violate(`entry ${index} was acknowledged and is not in the final tree`);
    for (const shown of this.#heads.keys())
      if (shown > final.size)
        this.violate(`a checkpoint of size ${shown} was signed, the final tree has ${final.size}`);
  }
}

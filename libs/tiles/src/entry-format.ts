import { hashLeaf } from '@sigstead/merkle';
import { MAX_BUNDLE_BYTES, parseEntryBundle } from './entry-bundle.ts';
import type { EntryLevel } from './tile-width.ts';

/** How the entries of a kind of log lie in its tiles, and what must hold of them beside their hashes. */
export interface EntryFormat {
  readonly level: EntryLevel;
  /** Bytes of the longest bundle that is read. */
  readonly maxBytes: number;
  /**
   * Called once for each bundle in the order of the log: a format may remember what came before.
   *
   * @param first index of the first entry
   * @param width how many entries there must be, 1 to 256
   * @throws TilesError BUNDLE when the bytes are not `width` entries
   */
  read(bundle: Uint8Array, first: bigint, width: number): EntryReading;
}

export interface EntryReading {
  /** `width` hashes of 32 bytes */
  readonly leafHashes: readonly Uint8Array[];
  /** What is wrong with entries that could be read. */
  readonly faults: readonly string[];
  /** What entries refer to and no bundle before did. */
  readonly references: readonly Reference[];
}

/** Another resource of the log that must be there. */
export interface Reference {
  /** Below the log's prefix. */
  readonly path: string;
  readonly maxBytes: number;
  /** What is wrong with it, undefined when nothing is. */
  fault(bytes: Uint8Array): string | undefined;
}

/**
 * Entry bundles of C2SP tlog-tiles, each entry a leaf.
 *
 * @param faultOf what is wrong with an entry, undefined when nothing is; any bytes are an entry unless told
 */
export function bundleFormat(
  faultOf: (entry: Uint8Array, index: bigint) => string | undefined = () => undefined,
): EntryFormat {
  return {
    level: 'entries',
    maxBytes: MAX_BUNDLE_BYTES,
    read: (bundle, first, width) => {
      const entries = parseEntryBundle(bundle, width);
      const faults = entries.flatMap((entry, i) => {
        const index = first + BigInt(i);
        const fault = faultOf(entry, index);
        return fault === undefined ? [] : [`entry ${index}: ${fault}`];
      });
      return { leafHashes: entries.map(hashLeaf), faults, references: [] };
    },
  };
}

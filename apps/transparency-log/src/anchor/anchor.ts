/** A committed state of a log. */
export interface TreeHead {
  readonly size: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** An anchored head with the version that a swap has to name. */
export interface AnchoredHead extends TreeHead {
  readonly version: string;
}

/**
 * One compare-and-swap register per log, outside the database and shared by all replicas. It remembers the newest head that may
 * have been shown to anybody, so that a database set back in time (restored backup, promoted lagging standby) is noticed before
 * it signs a second history. It must never be part of a backup.
 */
export interface Anchor {
  /**
   * The present value, undefined when nothing was ever stored.
   *
   * @throws LogError ANCHOR when what is stored cannot be trusted; UNAVAILABLE when it cannot be reached
   */
  read(): Promise<AnchoredHead | undefined>;

  /**
   * Stores `next` durably if the present version is `expected` (undefined: nothing stored yet).
   *
   * @returns false when it was not, or when that cannot be said for sure: the caller reads again and compares with the database
   * @throws LogError ANCHOR, UNAVAILABLE
   */
  compareAndSwap(expected: string | undefined, next: TreeHead): Promise<boolean>;
}

export function isSameHead(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && Buffer.compare(a.root, b.root) === 0;
}

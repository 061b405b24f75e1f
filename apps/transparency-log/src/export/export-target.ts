/** Where a log is exported to: files or objects under the paths of its read side, for a plain web server to serve. */
export interface ExportTarget {
  /** The checkpoint that is there, undefined when there is none. @throws LogError UNAVAILABLE */
  readCheckpoint(): Promise<string | undefined>;
  /** Whether a resource is there, whole. @throws LogError UNAVAILABLE */
  has(path: string): Promise<boolean>;
  /** Writes a resource that never changes. Whatever ends this, it is there whole or not at all. @throws LogError UNAVAILABLE */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Replaces the checkpoint at once, after everything that was put is as durable as it will be.
   *
   * @param expected what {@link readCheckpoint} gave
   * @returns false when another checkpoint has come since; nothing is changed then
   * @throws LogError UNAVAILABLE
   */
  replaceCheckpoint(expected: string | undefined, next: string): Promise<boolean>;
  close(): Promise<void>;
}

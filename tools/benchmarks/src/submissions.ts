/** What a log is loaded with: bodies of which no two are alike. */
export interface Submissions {
  readonly path: string;
  /** Of an entry that the log did not have. */
  readonly wantStatus: number;
  /** Makes bodies until so many are ready, for a load that is about to begin. */
  prepare(count: number): Promise<void>;
  /** JSON. One made before, or one made now when there are none left. */
  next(): string | Promise<string>;
}

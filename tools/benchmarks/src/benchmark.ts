/** What every benchmark is told. */
export interface BenchmarkOptions {
  /** Length of each load. */
  readonly seconds: number;
  /** What a log grows to. */
  readonly entries: number;
  /** Signatures to compare verdicts on. */
  readonly cases: number;
  /** Folder whose `node_modules` have `@sigstore/verify`. */
  readonly sigstoreVerify?: string;
  readonly print: (line: string) => void;
}

/** Rejects when something that must hold did not. */
export type Benchmark = (options: BenchmarkOptions) => Promise<void>;

/** What every benchmark is told. */
export interface BenchmarkOptions {
  /** Length of each load. */
  readonly seconds: number;
  readonly print: (line: string) => void;
}

export type Benchmark = (options: BenchmarkOptions) => Promise<void>;

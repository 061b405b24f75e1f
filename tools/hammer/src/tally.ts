/** What the writers met with. */
export class Tally {
  readonly statuses = new Map<string, number>();
  /** Of entries that were acknowledged, in milliseconds. */
  readonly latencies: number[] = [];
  acknowledged = 0;
  /** Submitted again though acknowledged, and found. */
  duplicates = 0;
  /** Said to be in the log already after an attempt that was not answered. */
  found = 0;

  count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

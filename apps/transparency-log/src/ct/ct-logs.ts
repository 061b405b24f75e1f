import type { CtLog } from './ct-log.ts';

/** The CT logs of a process, by shard; the last one configured is the active one, which the short paths mean. */
export class CtLogs {
  readonly #logs: readonly CtLog[];

  constructor(logs: readonly CtLog[]) {
    this.#logs = logs;
  }

  /** @param shard undefined for the active log */
  find(shard: string | undefined): CtLog | undefined {
    return shard === undefined ? this.#logs.at(-1) : this.#logs.find((log) => log.shard === shard);
  }
}

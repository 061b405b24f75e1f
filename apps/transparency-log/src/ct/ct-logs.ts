import { HttpProblem } from '@sigstead/server';
import type { CtLog } from './ct-log.ts';

/** The CT logs of a process, by shard; the last one configured is the active one, which the short paths mean. */
export class CtLogs {
  readonly #logs: readonly CtLog[];

  constructor(logs: readonly CtLog[]) {
    this.#logs = logs;
  }

  /**
   * @param shard undefined for the active log
   * @throws HttpProblem 404
   */
  of(shard: string | undefined): CtLog {
    const log = shard === undefined ? this.#logs.at(-1) : this.#logs.find((each) => each.shard === shard);
    if (log === undefined) throw new HttpProblem(404, 'there is no such log', { type: 'unknown-log' });
    return log;
  }
}

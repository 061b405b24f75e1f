/** How often what is fetched is fetched again. */
export interface RefreshTimes {
  readonly everyMs: number;
  /** After a failure. */
  readonly retryMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** A tenth more or less, so that many verifiers do not ask at the same moment. */
export function nextDelayMs({ everyMs, retryMs, random }: RefreshTimes, failed: boolean): number {
  return (failed ? retryMs : everyMs) * (0.9 + 0.2 * random());
}

/** Work that is done again some time after it has ended. It does not keep the process alive. */
export class RefreshLoop {
  readonly #times: RefreshTimes;
  readonly #work: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param work tells whether it succeeded; must not reject */
  constructor(times: RefreshTimes, work: () => Promise<boolean>) {
    this.#times = times;
    this.#work = work;
  }

  /** Does the work now, or joins it where it is being done. */
  run(): Promise<void> {
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #once(): Promise<void> {
    clearTimeout(this.#timer);
    const succeeded = await this.#work();
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.run(), nextDelayMs(this.#times, !succeeded));
    this.#timer.unref();
  }
}

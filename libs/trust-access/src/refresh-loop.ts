/** How often what is fetched is fetched again. */
export interface RefreshTimes {
  readonly everyMs: number;
  /** After a failure, at most: the first ones are tried again sooner, as what is asked may just be starting. */
  readonly retryMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

const FIRST_RETRY_MS = 250;

/**
 * A tenth more or less, so that many verifiers do not ask at the same moment.
 *
 * @param failures in a row; each doubles the time to the next try
 */
export function nextDelayMs({ everyMs, retryMs, random }: RefreshTimes, failures: number): number {
  const delay =
    failures === 0 ? everyMs : Math.min(retryMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return delay * (0.9 + 0.2 * random());
}

/** Work that is done again some time after it has ended. It does not keep the process alive. */
export class RefreshLoop {
  readonly #times: RefreshTimes;
  readonly #work: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
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
    this.#failures = (await this.#work()) ? 0 : this.#failures + 1;
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.run(), nextDelayMs(this.#times, this.#failures));
    this.#timer.unref();
  }
}

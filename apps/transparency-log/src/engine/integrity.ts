import { LogError } from '../errors.ts';

/**
 * Whether a log may sign. Once database and anchor were seen to contradict each other it stays shut for the life of the process:
 * a later look that happens to agree again proves nothing.
 */
export class Integrity {
  readonly #name: string;
  readonly #onRefusal: (reason: string) => void;
  #reason: string | undefined;

  constructor(name: string, onRefusal: (reason: string) => void) {
    this.#name = name;
    this.#onRefusal = onRefusal;
  }

  /** @throws LogError REFUSED */
  assertSound(): void {
    if (this.#reason !== undefined) throw this.#refusal(this.#reason);
  }

  /** Shuts the log and gives the error to throw. */
  refuse(reason: string, cause?: unknown): LogError {
    if (this.#reason === undefined) {
      this.#reason = reason;
      this.#onRefusal(reason);
    }
    return this.#refusal(this.#reason, cause);
  }

  #refusal(reason: string, cause?: unknown): LogError {
    return new LogError('REFUSED', `log ${this.#name} signs nothing until it is restarted: ${reason}`, {
      cause,
    });
  }
}

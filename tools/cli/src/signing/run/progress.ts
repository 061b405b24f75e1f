/** Where progress is shown: a terminal, or nothing. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 24;
const CLEAR_LINE = '\r\x1b[K';

/** A bar on the terminal from the first step on, for work on many things. Elsewhere, and for one thing, there is nothing to see. */
export class Progress {
  readonly #output: ProgressOutput | undefined;
  readonly #what: string;
  readonly #total: number;
  #done = 0;
  #failed = 0;

  constructor(output: ProgressOutput, what: string, total: number) {
    this.#output = output.isTTY === true && total > 1 ? output : undefined;
    this.#what = what;
    this.#total = total;
  }

  step(failed: boolean): void {
    this.#done += 1;
    if (failed) this.#failed += 1;
    this.#draw();
  }

  /** Takes the bar away while something else is written, which may go to the same terminal. */
  around(write: () => void): void {
    this.end();
    write();
    if (this.#done > 0) this.#draw();
  }

  end(): void {
    this.#output?.write(CLEAR_LINE);
  }

  #draw(): void {
    if (this.#output === undefined) return;
    const filled = Math.floor((WIDTH * this.#done) / this.#total);
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.');
    const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`;
    this.#output.write(`${CLEAR_LINE}${this.#what} [${bar}] ${this.#done}/${this.#total}${failed}`);
  }
}

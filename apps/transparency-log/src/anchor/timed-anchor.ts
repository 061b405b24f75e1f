import { LogError } from '../errors.ts';
import type { Anchor, AnchoredHead, TreeHead } from './anchor.ts';

/** Calls without an answer at most: each may hold a thread of the process. */
const MAX_HANGING = 2;

/**
 * An anchor whose calls end after a time, whatever happens to the storage below: a network mount that hangs costs the batches that
 * wait for it, with UNAVAILABLE, and not the log. A swap that is carried out after its caller gave up is one whose answer was lost: the
 * next batch finds it.
 */
export class TimedAnchor implements Anchor {
  readonly #anchor: Anchor;
  readonly #timeoutMs: number;
  #hanging = 0;

  constructor(anchor: Anchor, timeoutMs: number) {
    this.#anchor = anchor;
    this.#timeoutMs = timeoutMs;
  }

  read(): Promise<AnchoredHead | undefined> {
    return this.#bounded(() => this.#anchor.read());
  }

  compareAndSwap(expected: string | undefined, next: TreeHead): Promise<boolean> {
    return this.#bounded(() => this.#anchor.compareAndSwap(expected, next));
  }

  async #bounded<T>(call: () => Promise<T>): Promise<T> {
    if (this.#hanging >= MAX_HANGING)
      throw new LogError('UNAVAILABLE', `the anchor has left ${this.#hanging} calls without an answer`);
    const answer = call();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#hanging += 1;
        const settle = (): void => void (this.#hanging -= 1);
        answer.then(settle, settle);
        reject(new LogError('UNAVAILABLE', `the anchor gave no answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

import { createHash } from 'node:crypto';
import { readBounded, type FileContent } from './read-bounded.ts';

/** Does the work again and again until the returned function is called. */
export type Repeat = (work: () => Promise<void>) => () => void;

export interface WatchedFileOptions {
  readonly maxBytes: number;
  /** Told of each content that has settled, but for the first. Must not throw: nobody waits for it. */
  readonly onChange: (content: FileContent) => void;
  /** Every 2 seconds unless told. */
  readonly repeat?: Repeat | undefined;
}

const POLL_MS = 2_000;

/**
 * A file that may change while it is in use. The content is compared, not the file: it may be written in place, renamed over,
 * or be a link that Kubernetes swaps. A change counts once it was seen twice in a row, so that a half-written file is never taken
 * for a whole one.
 */
export class WatchedFile {
  readonly #file: string;
  readonly #options: WatchedFileOptions;
  readonly #stop: () => void;
  /** Digests of the content that was told last, and of the content seen last. */
  #settled: string;
  #seen: string;
  #looking: Promise<void> | undefined;

  /** @param first the content that whoever watches has read already */
  constructor(file: string, first: FileContent, options: WatchedFileOptions) {
    this.#file = file;
    this.#options = options;
    this.#settled = this.#seen = digestOf(first);
    this.#stop = (options.repeat ?? everyTwoSeconds)(() => this.#look());
  }

  /** Looks no more. */
  async close(): Promise<void> {
    this.#stop();
    await this.#looking;
  }

  /** One look at a time: a file system that hangs is not asked twice. */
  #look(): Promise<void> {
    this.#looking ??= this.#compare().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #compare(): Promise<void> {
    const content = await readBounded(this.#file, this.#options.maxBytes);
    const digest = digestOf(content);
    const isStable = digest === this.#seen;
    this.#seen = digest;
    if (!isStable || digest === this.#settled) return;
    this.#settled = digest;
    this.#options.onChange(content);
  }
}

function digestOf(content: FileContent): string {
  if ('failure' in content) return content.failure;
  return createHash('sha256').update(content.bytes).digest('hex');
}

function everyTwoSeconds(work: () => Promise<void>): () => void {
  const timer = setInterval(() => void work(), POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readLogsFile } from './config.ts';
import type { RunningLog } from './engine/hosted-log.ts';
import type { ShardFamily } from './shard-family.ts';

export interface ShardWatchOptions {
  readonly logsFile: string;
  /** The logs that take up what the file says later. */
  readonly families: readonly ShardFamily[];
  /** Told of every shard that was opened while running. */
  onOpened(log: RunningLog): void;
  /** Told why the file could not be taken up; the log goes on as it was, and the file is looked at again. */
  onError(error: unknown): void;
}

const POLL_MS = 1_000;
/** A rotation writes the file within milliseconds of freezing the old shard. */
const ROTATION_MS = 2_000;
const ROTATION_POLL_MS = 50;

/**
 * Takes up further shards of logs while the process runs. Only shards are: whatever else changes in the file counts from the next start
 * on.
 */
export class ShardWatch {
  readonly #options: ShardWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #seen: string | undefined;
  #looking: Promise<void> | undefined;
  /** When a shard was first found frozen, by family and name. */
  readonly #frozenSince = new Map<ShardFamily, Map<string, number>>();

  constructor(options: ShardWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), POLL_MS).unref();
  }

  /**
   * Waits for the shard that follows a frozen one: where a rotation is under way it comes at once, and an entry need not be refused.
   *
   * @param frozen what the shard is called in the settings
   * @returns false when there is none
   */
  async awaitRotation(family: ShardFamily, frozen: string): Promise<boolean> {
    const deadline = this.#firstFrozen(family, frozen) + ROTATION_MS;
    for (;;) {
      await this.look();
      if (family.active !== frozen) return true;
      if (performance.now() >= deadline) return false;
      await delay(ROTATION_POLL_MS);
    }
  }

  /** Whether a log is a shard that another one follows. */
  isOver(log: RunningLog): boolean {
    return this.#options.families.some((family) => family.isOver(log));
  }

  /** Reads the file when it has changed. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #firstFrozen(family: ShardFamily, frozen: string): number {
    const since = this.#frozenSince.get(family) ?? new Map<string, number>();
    this.#frozenSince.set(family, since);
    const first = since.get(frozen) ?? performance.now();
    since.set(frozen, first);
    return first;
  }

  async #look(): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#options.logsFile);
      const version = `${ino} ${mtimeMs} ${size}`;
      if (version === this.#seen) return;
      const settings = readLogsFile(this.#options.logsFile);
      for (const family of this.#options.families) {
        for (const opened of await family.take(settings)) this.#options.onOpened(opened);
      }
      this.#seen = version;
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readLogsFile, type LogSettings, type RekorV1Settings } from './config.ts';
import type { RunningLog } from './engine/hosted-log.ts';
import type { OpenedShard } from './rekor/join-shards.ts';
import type { RekorLog } from './rekor/rekor-log.ts';

export interface ShardWatchOptions {
  readonly logsFile: string;
  /** The log that takes up what the file says later. */
  readonly rekor: RekorLog;
  readonly shards: readonly OpenedShard[];
  open(settings: RekorV1Settings): Promise<OpenedShard>;
  join(shards: readonly OpenedShard[]): Promise<RekorLog | undefined>;
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
 * Takes up another shard of the Rekor v1 log while the process runs. Only shards are: whatever else changes in the file counts from the
 * next start on.
 */
export class ShardWatch {
  readonly #options: ShardWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #shards: readonly OpenedShard[];
  #seen: string | undefined;
  #looking: Promise<void> | undefined;
  /** When the active shard was first found frozen. */
  #frozenSince: number | undefined;

  constructor(options: ShardWatchOptions) {
    this.#options = options;
    this.#shards = options.shards;
    this.#timer = setInterval(() => void this.look(), POLL_MS).unref();
  }

  /**
   * Waits for the shard that follows a frozen one: where a rotation is under way it comes at once, and an entry need not be refused.
   *
   * @returns false when there is none
   */
  async awaitRotation(frozenTreeId: bigint): Promise<boolean> {
    this.#frozenSince ??= performance.now();
    const deadline = this.#frozenSince + ROTATION_MS;
    for (;;) {
      await this.look();
      if (this.#activeTreeId() !== frozenTreeId.toString()) return true;
      if (performance.now() >= deadline) return false;
      await delay(ROTATION_POLL_MS);
    }
  }

  /** Whether a log is a shard that another one follows. */
  isOver(log: RunningLog): boolean {
    return this.#shards.slice(0, -1).some((shard) => shard.log === log);
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

  async #look(): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#options.logsFile);
      const version = `${ino} ${mtimeMs} ${size}`;
      if (version === this.#seen) return;
      await this.#take(readLogsFile(this.#options.logsFile));
      this.#seen = version;
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #take(settings: readonly LogSettings[]): Promise<void> {
    const wanted = settings.filter((log) => log.kind === 'rekor-v1');
    const known = new Map(this.#shards.map((shard) => [shard.settings.treeId, shard]));
    const isGrown = wanted.some(({ treeId }) => !known.has(treeId));
    if (!isGrown) return;
    const shards: OpenedShard[] = [];
    for (const each of wanted) {
      const shard = known.get(each.treeId);
      if (shard !== undefined) shards.push({ log: shard.log, settings: each });
      else shards.push(await this.#options.open(each));
    }
    const next = await this.#options.join(shards);
    if (next === undefined) return;
    this.#options.rekor.become(next);
    this.#shards = shards;
    this.#frozenSince = undefined;
    for (const { log, settings: each } of shards) if (!known.has(each.treeId)) this.#options.onOpened(log);
  }

  #activeTreeId(): string | undefined {
    return this.#shards.at(-1)?.settings.treeId;
  }
}

import { encodeHex } from '@sigstead/encoding';
import { encodeEntryBundle } from '@sigstead/tiles';
import { transparencyLogEntryJson, type AdmittedEntry, type TransparencyLogEntryJson } from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { RekorV2Settings } from '../config.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import { SharedRead } from '../engine/shared-read.ts';
import type { Sequenced, Submission } from '../engine/submission.ts';
import type { StoredEntry } from '../storage/entry-rows.ts';
import type { KeySearch } from '../storage/search-rows.ts';
import { TileReader } from '../tiles/tile-reader.ts';
import { TileServer } from '../tiles/serve-tile.ts';
import type { Checkpoints } from './checkpoints.ts';

export interface RekorV2ShardOptions {
  readonly log: HostedLog<string>;
  readonly settings: RekorV2Settings;
  readonly checkpoints: Checkpoints;
  /** Checks the body of a create request. */
  readonly admit: (body: Uint8Array) => Promise<AdmittedEntry>;
}

/** Where a found entry is. */
export interface FoundEntryJson {
  readonly origin: string;
  /** In the shard, decimal. */
  readonly logIndex: string;
  /** Hex. */
  readonly leafHash: string;
}

/** One tree of a Rekor v2 log, with its own key, origin and indexes from zero. */
export class RekorV2Shard {
  readonly tiles: TileServer;
  readonly #options: RekorV2ShardOptions;
  readonly #freeze: SharedRead<Date | undefined>;
  /** There is no way back from frozen. */
  #frozenAt: Date | undefined;

  constructor(options: RekorV2ShardOptions) {
    const { log } = options;
    this.#options = options;
    this.tiles = new TileServer(new TileReader(log), { level: 'entries', encode: encodeEntryBundle });
    this.#freeze = new SharedRead(() => log.reader.frozenAt());
  }

  get origin(): string {
    return this.#options.settings.origin;
  }

  /** What a repeated submission gets. */
  get duplicates(): RekorV2Settings['duplicates'] {
    return this.#options.settings.duplicates;
  }

  admit(body: Uint8Array): Promise<AdmittedEntry> {
    return this.#options.admit(body);
  }

  head(): Promise<TreeHead> {
    return this.#options.log.publication.head();
  }

  submit(submission: Submission): Promise<Sequenced<string>> {
    return this.#options.log.sequencer.submit(submission);
  }

  /** The newest published head as a signed note, for a frozen log with the line that says so. */
  async checkpoint(): Promise<string> {
    // In this order: a head read before the log was frozen need not be its last.
    const frozenAt = await this.#readFreeze();
    const head = await this.head();
    const { checkpoints, log } = this.#options;
    return frozenAt === undefined ? checkpoints.of(head, log) : checkpoints.ofFrozen(head, frozenAt);
  }

  /** The answer to whoever submitted the entry: proven under the head of its batch. */
  created({ index, entry, head, seal, inclusionProof }: Sequenced<string>): TransparencyLogEntryJson {
    return this.#render({ index, entry }, head, inclusionProof, seal);
  }

  /** The entry under the newest head, undefined past the end. */
  async byIndex(index: bigint): Promise<TransparencyLogEntryJson | undefined> {
    const head = await this.head();
    return index < head.size ? this.#read(index, head) : undefined;
  }

  /** The entry with this leaf hash, undefined when there is none. */
  async byLeafHash(leafHash: Uint8Array): Promise<TransparencyLogEntryJson | undefined> {
    const head = await this.head();
    const found = await this.#options.log.reader.indexesOf([leafHash]);
    const index = found.get(encodeHex(leafHash));
    return index !== undefined && index < head.size ? this.#read(index, head) : undefined;
  }

  /** Published entries, newest first. */
  async search(
    search: Omit<KeySearch, 'before'>,
    before: bigint | undefined,
    head: TreeHead,
  ): Promise<FoundEntryJson[]> {
    const bound = before !== undefined && before < head.size ? before : head.size;
    if (bound <= 0n) return [];
    const found = await this.#options.log.reader.search({ ...search, before: bound });
    return found.map(({ index, leafHash }) => ({
      origin: this.origin,
      logIndex: index.toString(),
      leafHash: encodeHex(leafHash),
    }));
  }

  async #readFreeze(): Promise<Date | undefined> {
    return (this.#frozenAt ??= await this.#freeze.get());
  }

  async #read(index: bigint, head: TreeHead): Promise<TransparencyLogEntryJson> {
    const { log, checkpoints } = this.#options;
    const [[stored], proof, checkpoint] = await Promise.all([
      log.reader.entries([index]),
      log.reader.inclusionProof(index, head.size),
      checkpoints.of(head, log),
    ]);
    return this.#render(stored as StoredEntry, head, proof, checkpoint);
  }

  #render(
    { index, entry }: Pick<StoredEntry, 'index' | 'entry'>,
    head: TreeHead,
    inclusionProof: readonly Uint8Array[],
    checkpoint: string,
  ): TransparencyLogEntryJson {
    const { logId } = this.#options.checkpoints;
    return transparencyLogEntryJson({ index, canonicalBody: entry, head, inclusionProof, checkpoint, logId });
  }
}

import { equalBytes } from '@sigstead/encoding';
import { parseCheckpoint, parseSignedNote } from '@sigstead/tlog';
import type { Pool } from 'pg';
import type { TreeHead } from '../anchor/anchor.ts';
import type { CommittedLog } from '../engine/hosted-log.ts';
import { available } from '../engine/log-reader.ts';
import { LogError } from '../errors.ts';
import { keepCheckpoint, readCheckpoint } from '../storage/checkpoint-rows.ts';
import type { Witnesses } from './witnesses.ts';

export interface WitnessedCheckpointsOptions {
  readonly witnesses: Witnesses;
  /** What becomes of a checkpoint without its quorum. */
  readonly onMissing: 'publish' | 'refuse';
  readonly pool: Pool;
}

/**
 * The checkpoints of a log that has witnesses, each cosigned and kept once, for all replicas. The note is kept before the anchor moves
 * over its head: a crash in between leaves a note that nobody was shown and that the next one to ask for this head is given.
 */
export class WitnessedCheckpoints {
  readonly #options: WitnessedCheckpointsOptions;

  constructor(options: WitnessedCheckpointsOptions) {
    this.#options = options;
  }

  /**
   * The note of a committed head: the one that is kept, or one that is signed and cosigned now.
   *
   * @param sign makes the log's own note
   * @throws LogError REFUSED when witnesses or what is kept contradict the head; UNAVAILABLE, also without a quorum that must be met
   */
  async of(head: TreeHead, { logId, reader }: CommittedLog, sign: () => Promise<string>): Promise<string> {
    const { witnesses, onMissing, pool } = this.#options;
    const kept = await available(readCheckpoint(pool, logId, head.size));
    if (kept !== undefined) return assertOf(head, kept);
    const { note, met } = await witnesses.cosign(await sign(), head, reader);
    if (!met && onMissing === 'refuse') {
      throw new LogError(
        'UNAVAILABLE',
        `the witnesses gave the checkpoint of size ${head.size} no quorum of cosignatures`,
      );
    }
    return assertOf(head, await available(keepCheckpoint(pool, logId, head.size, note)));
  }
}

function assertOf(head: TreeHead, note: string): string {
  const { rootHash } = parseCheckpoint(parseSignedNote(note).body);
  if (!equalBytes(rootHash, head.root)) {
    throw new LogError(
      'REFUSED',
      `the checkpoint of size ${head.size} that is kept has another root than the tree`,
    );
  }
  return note;
}

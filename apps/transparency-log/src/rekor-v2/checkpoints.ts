import { encodeHex } from '@sigstead/encoding';
import { signCheckpointNote, type NoteSigner } from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { CommittedLog } from '../engine/hosted-log.ts';
import { LruCache } from '../engine/lru-cache.ts';
import type { WitnessedCheckpoints } from '../witness/witnessed-checkpoints.ts';

/** Heads that answers may still be on their way for. */
const KEPT_NOTES = 64;

/** The checkpoints of one Rekor v2 log, each signed once, and cosigned when the log has witnesses. */
export class Checkpoints {
  readonly #signer: NoteSigner;
  readonly #witnessed: WitnessedCheckpoints | undefined;
  readonly #notes = new LruCache<Promise<string>>(KEPT_NOTES);

  constructor(signer: NoteSigner, witnessed?: WitnessedCheckpoints) {
    this.#signer = signer;
    this.#witnessed = witnessed;
  }

  /** Full ID of the log's key under its origin, 32 bytes. */
  get logId(): Uint8Array {
    return this.#signer.keyId;
  }

  /**
   * The note of a committed head.
   *
   * @throws LogError REFUSED, UNAVAILABLE from the log's witnesses
   */
  of(head: TreeHead, log: CommittedLog): Promise<string> {
    const sign = (): Promise<string> => this.#sign(head, []);
    return this.#once(keyOf(head), () => this.#witnessed?.of(head, log, sign) ?? sign());
  }

  /** The last note of a log, which says that there will be no other. Cosignatures are over the note without that line, and not on it. */
  ofFrozen(head: TreeHead, frozenAt: Date): Promise<string> {
    const line = `Log frozen \u2014 ${formatUnixDate(frozenAt)}`;
    return this.#once(`${keyOf(head)} ${line}`, () => this.#sign(head, [line]));
  }

  #once(key: string, make: () => Promise<string>): Promise<string> {
    const known = this.#notes.get(key);
    if (known !== undefined) return known;
    const note = make();
    this.#notes.set(key, note, 1);
    note.catch(() => this.#notes.delete(key));
    return note;
  }

  #sign({ size, root }: TreeHead, extensions: readonly string[]): Promise<string> {
    const checkpoint = { origin: this.#signer.name, size, rootHash: root, extensions };
    return signCheckpointNote(checkpoint, [this.#signer]);
  }
}

function keyOf({ size, root }: TreeHead): string {
  return `${size} ${encodeHex(root)}`;
}

/** As date(1) prints it in UTC: `Sun Nov  1 09:05:03 UTC 2026`. */
export function formatUnixDate(date: Date): string {
  const [day, dayOfMonth, month, year, time] = date.toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${String(Number(dayOfMonth)).padStart(2)} ${time} UTC ${year}`;
}

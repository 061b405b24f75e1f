import type { PublicKey } from '@sigstead/crypto';
import { decodeBase64, decodeHex, encodeHex } from '@sigstead/encoding';
import { CompactRange, hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { rekorEntryId, rekorOrigin, verifyCheckpoint, verifySignedEntryTimestamp } from '@sigstead/tlog';

/** An entry as the log's API gives it. */
export interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp: string;
  };
}

export interface LogKey {
  readonly key: PublicKey;
  readonly treeId: string;
  readonly host: string;
}

/** What the log ever promised, and every way in which it broke a promise. */
export class Ledger {
  readonly violations: string[] = [];
  readonly #log: LogKey;
  /** Leaf hash in hex, by index. */
  readonly #leaves = new Map<number, string>();
  readonly #indexes = new Map<string, number>();
  /** Root in hex, by size: every signed state of the log that anybody was shown. */
  readonly #heads = new Map<number, string>();

  constructor(log: LogKey) {
    this.#log = log;
  }

  get entries(): number {
    return this.#leaves.size;
  }

  get checkpoints(): number {
    return this.#heads.size;
  }

  leafAt(index: number): string | undefined {
    return this.#leaves.get(index);
  }

  /** Checks all that an answer claims, and keeps it to be compared with what comes later. */
  record(answer: Readonly<Record<string, LogEntry>>): void {
    for (const [id, entry] of Object.entries(answer)) {
      try {
        this.#recordEntry(id, entry);
      } catch (error) {
        this.#violate(`entry ${id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** A signed state, from whatever answer. */
  recordCheckpoint(text: string): { readonly size: number; readonly root: string } {
    const { key, treeId, host } = this.#log;
    const { origin, size, rootHash } = verifyCheckpoint(text, key, host);
    if (origin !== rekorOrigin(host, BigInt(treeId))) this.#violate(`checkpoint of the origin ${origin}`);
    const root = encodeHex(rootHash);
    const known = this.#heads.get(Number(size));
    if (known !== undefined && known !== root)
      this.#violate(`two signed roots of size ${size}: ${known} and ${root}`);
    this.#heads.set(Number(size), root);
    return { size: Number(size), root };
  }

  /** Rebuilds the tree of the final head from its leaves, and compares every state that was ever shown with it. */
  close(final: { readonly size: number; readonly root: string }): void {
    const range = CompactRange.empty();
    for (let index = 0; index < final.size; index++) {
      const leaf = this.#leaves.get(index);
      if (leaf === undefined) return this.#violate(`there is no entry ${index} in a tree of ${final.size}`);
      range.append(decodeHex(leaf));
      const shown = this.#heads.get(index + 1);
      if (shown !== undefined && shown !== encodeHex(range.root()))
        this.#violate(`the signed root of size ${index + 1} is not that of the entries`);
    }
    if (final.size > 0 && encodeHex(range.root()) !== final.root)
      this.#violate('the final root is not that of the entries');
    for (const index of this.#leaves.keys())
      if (index >= final.size) this.#violate(`entry ${index} was acknowledged and is not in the final tree`);
    for (const size of this.#heads.keys())
      if (size > final.size)
        this.#violate(`a checkpoint of size ${size} was signed, the final tree has ${final.size}`);
  }

  #recordEntry(id: string, entry: LogEntry): void {
    const { inclusionProof, signedEntryTimestamp } = entry.verification;
    const body = decodeBase64(entry.body);
    const leafHash = hashLeaf(body);
    const leaf = encodeHex(leafHash);
    if (id !== rekorEntryId(BigInt(this.#log.treeId), leafHash))
      this.#violate(`entry ${id} has another body`);
    const { size, root } = this.recordCheckpoint(inclusionProof.checkpoint);
    if (size !== inclusionProof.treeSize || root !== inclusionProof.rootHash)
      this.#violate(`the proof of entry ${id} is for another tree than its checkpoint`);
    verifyInclusion(
      BigInt(inclusionProof.logIndex),
      BigInt(inclusionProof.treeSize),
      leafHash,
      inclusionProof.hashes.map(decodeHex),
      decodeHex(inclusionProof.rootHash),
    );
    const { body: covered, integratedTime, logIndex, logID: logId } = entry;
    const payload = { body: covered, integratedTime, logIndex, logId };
    verifySignedEntryTimestamp(payload, decodeBase64(signedEntryTimestamp), this.#log.key);
    const present = this.#leaves.get(logIndex);
    if (present !== undefined && present !== leaf)
      this.#violate(`index ${logIndex} was given to two entries`);
    const place = this.#indexes.get(leaf);
    if (place !== undefined && place !== logIndex)
      this.#violate(`entry ${id} is in the log twice, at ${place} and ${logIndex}`);
    this.#leaves.set(logIndex, leaf);
    this.#indexes.set(leaf, logIndex);
  }

  #violate(what: string): void {
    this.violations.push(what);
  }
}

import type { PublicKey } from '@sigstead/crypto';
import { decodeBase64, decodeHex, decodeUtf8, encodeHex, equalBytes } from '@sigstead/encoding';
import { proposedEntry } from '@sigstead/instance';
import { hashLeaf, verifyConsistency, verifyInclusion } from '@sigstead/merkle';
import { parseRekorOrigin, rekorEntryId, verifyCheckpoint, verifySignedEntryTimestamp } from '@sigstead/tlog';
import { ArtifactSignatures } from './artifact-signatures.ts';
import { bodyOf, unexpected, type Answer, type Ask } from './ask.ts';
import type { Acknowledged, Face, Head, Place, Proposal } from './face.ts';
import type { Ledger } from './ledger.ts';

/** An entry as the API of Rekor v1 gives it, under its ID. */
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

const ENTRIES = '/api/v1/log/entries';
/** Entries read at once. */
const READERS = 16;

/** Rekor v1: the active tree of a log. */
export class RekorV1Face implements Face {
  readonly #key: PublicKey;
  readonly #origin: string;
  readonly #host: string;
  readonly #treeId: bigint;
  readonly #signatures = new ArtifactSignatures();
  /** What the trees before this one hold: log indexes go on over all of them. */
  #offset: number | undefined;

  /** @param origin `<host> - <tree ID>` */
  constructor(origin: string, key: PublicKey) {
    const parsed = parseRekorOrigin(origin);
    if (parsed === undefined) throw new Error(`${origin} is not the origin of a Rekor v1 log`);
    this.#key = key;
    this.#origin = origin;
    this.#host = parsed.hostname;
    this.#treeId = parsed.treeId;
  }

  async propose(): Promise<Proposal> {
    // Its members are in the order of RFC 8785, so it is the canonical body as well.
    const body = proposedEntry(await this.#signatures.next());
    return { path: ENTRIES, body, read: (answer, ask) => this.#readAnswer(body, answer, ask) };
  }

  async head(ask: Ask): Promise<Head | undefined> {
    const body = bodyOf(await ask('/api/v1/log'), 'the log info');
    if (body === undefined) return undefined;
    const { signedTreeHead } = JSON.parse(body.toString()) as { readonly signedTreeHead: string };
    return this.#readCheckpoint(signedTreeHead);
  }

  async verifyConsistency(ask: Ask, from: Head, to: Head): Promise<void> {
    if (from.size === 0n) return;
    const path = `/api/v1/log/proof?firstSize=${from.size}&lastSize=${to.size}&treeID=${this.#treeId}`;
    const body = bodyOf(await ask(path), 'a consistency proof');
    if (body === undefined) return;
    const { hashes } = JSON.parse(body.toString()) as { readonly hashes: readonly string[] };
    verifyConsistency(from.size, to.size, hashes.map(decodeHex), from.rootHash, to.rootHash);
  }

  async readTree(asks: readonly Ask[], { size }: Head, ledger: Ledger): Promise<void> {
    const missing: number[] = [];
    for (let index = 0; index < size; index++) if (!ledger.isKnown(index)) missing.push(index);
    const readOn = async (ask: Ask): Promise<void> => {
      for (let index = missing.pop(); index !== undefined; index = missing.pop())
        ledger.record(await this.#byIndex(ask, index));
    };
    await Promise.all(Array.from({ length: READERS }, (_, i) => readOn(asks[i % asks.length] as Ask)));
  }

  async verifyAgain(ask: Ask, place: Place): Promise<void> {
    const { leafHash } = await this.#byIndex(ask, place.index);
    if (!equalBytes(leafHash, place.leafHash)) throw new Error(`entry ${place.index} is another one now`);
  }

  async #readAnswer(sent: string, answer: Answer, ask: Ask): Promise<Acknowledged | undefined> {
    if (answer.status === 201) return { ...this.#readEntry(answer.body, sent), isNew: true };
    if (answer.status !== 409) throw unexpected(answer, 'a sound entry');
    const location = answer.headers.get('location');
    if (location?.startsWith(`${ENTRIES}/`) !== true) throw new Error(`409 with the location ${location}`);
    const body = bodyOf(await ask(location), 'the entry that a 409 names');
    return body && { ...this.#readEntry(body, sent), isNew: false };
  }

  async #byIndex(ask: Ask, index: number): Promise<Place> {
    const body = bodyOf(await ask(`${ENTRIES}?logIndex=${index + (this.#offset ?? 0)}`), `entry ${index}`);
    if (body === undefined) throw new Error(`entry ${index} cannot be read`);
    const place = this.#readEntry(body);
    if (place.index !== index) throw new Error(`asked for entry ${index}, the answer is ${place.index}`);
    return place;
  }

  #readEntry(answer: Buffer, sent?: string): Omit<Acknowledged, 'isNew'> {
    const entries = Object.entries(JSON.parse(answer.toString()) as Record<string, LogEntry>);
    const [[id, entry] = []] = entries;
    if (id === undefined || entry === undefined || entries.length > 1)
      throw new Error(`an answer with ${entries.length} entries, want one`);
    try {
      return this.#verifyEntry(id, entry, sent);
    } catch (cause) {
      throw new Error(`entry ${id}: ${(cause as Error).message}`, { cause });
    }
  }

  #verifyEntry(id: string, entry: LogEntry, sent?: string): Omit<Acknowledged, 'isNew'> {
    const { inclusionProof, signedEntryTimestamp } = entry.verification;
    const body = decodeBase64(entry.body);
    const leafHash = hashLeaf(body);
    if (id !== rekorEntryId(this.#treeId, leafHash)) throw new Error('it has another body');
    if (sent !== undefined && decodeUtf8(body) !== sent) throw new Error('its body is not what was sent');
    const head = this.#readCheckpoint(inclusionProof.checkpoint);
    if (Number(head.size) !== inclusionProof.treeSize || encodeHex(head.rootHash) !== inclusionProof.rootHash)
      throw new Error('its proof is for another tree than its checkpoint');
    const { logIndex: index, hashes } = inclusionProof;
    verifyInclusion(BigInt(index), head.size, leafHash, hashes.map(decodeHex), head.rootHash);
    const { integratedTime, logIndex, logID: logId } = entry;
    const payload = { body: entry.body, integratedTime, logIndex, logId };
    verifySignedEntryTimestamp(payload, decodeBase64(signedEntryTimestamp), this.#key);
    this.#offset ??= logIndex - index;
    if (logIndex - index !== this.#offset)
      throw new Error(`its log index is ${logIndex}, want ${index + this.#offset} for its place in the tree`);
    return { index, leafHash, identity: leafHash, head };
  }

  #readCheckpoint(text: string): Head {
    const checkpoint = verifyCheckpoint(text, this.#key, this.#host);
    if (checkpoint.origin !== this.#origin)
      throw new Error(`a checkpoint of the origin ${checkpoint.origin}`);
    return checkpoint;
  }
}

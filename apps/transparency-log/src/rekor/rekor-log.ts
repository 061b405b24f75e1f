import { encodeBase64, encodeHex } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import {
  parseProposedEntry,
  rekorEntryId,
  rekorOrigin,
  signCheckpoint,
  signSignedEntryTimestamp,
  type RekorEntryId,
} from '@sigstead/tlog';
import type { Signer } from '@sigstead/crypto';
import type { TreeHead } from '../anchor/anchor.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import type { RekorV1Settings } from '../config.ts';

/** JSON of an entry in Rekor's API: one key, the entry ID of 80 hex digits. */
export type LogEntryJson = Readonly<Record<string, LogEntryValue>>;

export interface LogEntryValue {
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

export interface LogInfoJson {
  readonly inactiveShards: null;
  readonly rootHash: string;
  readonly signedTreeHead: string;
  readonly treeID: string;
  readonly treeSize: number;
}

export interface CreatedEntry {
  readonly entryId: string;
  /** Undefined when an equivalent entry was there before. */
  readonly entry: LogEntryJson | undefined;
}

/** Nesting of a proposed entry: hashedrekord has four levels. */
const MAX_DEPTH = 16;

/** A Rekor v1 log over the engine: entries in and out, signed afresh on every answer. */
export class RekorLog {
  readonly #log: HostedLog<string>;
  readonly #settings: RekorV1Settings;
  readonly #treeId: bigint;
  readonly #maxBodyBytes: number;

  constructor(log: HostedLog<string>, settings: RekorV1Settings, maxBodyBytes: number) {
    this.#log = log;
    this.#settings = settings;
    this.#treeId = BigInt(settings.treeId);
    this.#maxBodyBytes = maxBodyBytes;
  }

  get treeId(): bigint {
    return this.#treeId;
  }

  publicKeyPem(): string {
    return this.#log.signer.publicKey.toPem();
  }

  /**
   * Parses once, verifies the signature, and only then queues.
   *
   * @throws TlogError for what the caller sent, LogError of the engine
   */
  async create(body: Uint8Array): Promise<CreatedEntry> {
    const { entry } = parseProposedEntry(body, { maxBytes: this.#maxBodyBytes, maxDepth: MAX_DEPTH });
    entry.verify();
    const canonical = entry.canonicalBody();
    const leafHash = hashLeaf(canonical);
    const sequenced = await this.#log.sequencer.submit({
      identity: leafHash,
      searchKeys: entry.indexKeys(),
      issuers: [],
      encode: () => ({ entry: canonical, leafHash }),
    });
    const entryId = rekorEntryId(this.#treeId, leafHash);
    if (sequenced.duplicate) return { entryId, entry: undefined };
    return {
      entryId,
      entry: await this.#render(sequenced, sequenced.head, sequenced.inclusionProof, sequenced.seal),
    };
  }

  /** The entry under the newest head, undefined past the end. */
  async byIndex(index: bigint): Promise<LogEntryJson | undefined> {
    const head = await this.#log.publication.head();
    return index < head.size ? this.#read(index, head) : undefined;
  }

  /** The entry with this ID, undefined when there is none in this tree. */
  async byId(id: RekorEntryId): Promise<LogEntryJson | undefined> {
    if (id.treeId !== undefined && id.treeId !== this.#treeId) return undefined;
    const index = await this.#log.reader.indexOf(id.leafHash);
    return index === undefined ? undefined : this.byIndex(index);
  }

  async info(): Promise<LogInfoJson> {
    const head = await this.#log.publication.head();
    return {
      inactiveShards: null,
      rootHash: encodeHex(head.root),
      signedTreeHead: await sealRekorHead(this.#settings, this.#log.signer, head),
      treeID: this.#settings.treeId,
      treeSize: Number(head.size),
    };
  }

  head(): Promise<TreeHead> {
    return this.#log.publication.head();
  }

  /** @param sizes 1 <= first <= last, within a published tree */
  async consistencyProof(first: bigint, last: bigint): Promise<string[]> {
    return (await this.#log.reader.consistencyProof(first, last)).map(encodeHex);
  }

  async #read(index: bigint, head: TreeHead): Promise<LogEntryJson> {
    const [stored, proof, checkpoint] = await Promise.all([
      this.#log.reader.entry(index),
      this.#log.reader.inclusionProof(index, head.size),
      sealRekorHead(this.#settings, this.#log.signer, head),
    ]);
    return this.#render(stored, head, proof, checkpoint);
  }

  async #render(
    stored: { readonly index: bigint; readonly timestampMs: bigint; readonly entry: Uint8Array },
    head: TreeHead,
    proof: readonly Uint8Array[],
    checkpoint: string,
  ): Promise<LogEntryJson> {
    const body = encodeBase64(stored.entry);
    const integratedTime = Number(stored.timestampMs / 1000n);
    const logId = encodeHex(this.#log.signer.publicKey.keyId);
    const logIndex = Number(stored.index);
    const set = await signSignedEntryTimestamp({ body, integratedTime, logId, logIndex }, this.#log.signer);
    return {
      [rekorEntryId(this.#treeId, hashLeaf(stored.entry))]: {
        body,
        integratedTime,
        logID: logId,
        logIndex,
        verification: {
          inclusionProof: {
            checkpoint,
            hashes: proof.map(encodeHex),
            logIndex,
            rootHash: encodeHex(head.root),
            treeSize: Number(head.size),
          },
          signedEntryTimestamp: encodeBase64(set),
        },
      },
    };
  }
}

/** The checkpoint of a head: origin `<host> - <tree ID>`, signed under the host's name. */
export function sealRekorHead(settings: RekorV1Settings, signer: Signer, head: TreeHead): Promise<string> {
  const origin = rekorOrigin(settings.host, BigInt(settings.treeId));
  return signCheckpoint(
    { origin, size: head.size, rootHash: head.root, extensions: [] },
    settings.host,
    signer,
  );
}

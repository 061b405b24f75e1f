import type { Signer } from '@sigstead/crypto';
import { encodeBase64, encodeHex } from '@sigstead/encoding';
import {
  attestationDigest,
  rekorEntryId,
  rekorOrigin,
  signCheckpoint,
  signSignedEntryTimestamp,
} from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { RekorV1Settings } from '../config.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import type { Sequenced, Submission } from '../engine/submission.ts';
import type { StoredEntry } from '../storage/entry-rows.ts';
import type { KeySearch } from '../storage/search-rows.ts';
import type { ConsistencyProofJson, LogEntryJson, LogEntryValue, ShardInfoJson } from './log-entry-json.ts';

/** One tree of a Rekor v1 log. Its indexes are those in the tree, except in what it renders. */
export class RekorShard {
  readonly treeId: bigint;
  /** Index of its first entry over all shards. */
  readonly firstIndex: bigint;
  readonly #log: HostedLog<string>;
  readonly #settings: RekorV1Settings;
  /** Of the final head of an inactive shard. */
  #finalCheckpoint: Promise<string> | undefined;

  constructor(log: HostedLog<string>, settings: RekorV1Settings, firstIndex: bigint) {
    this.treeId = BigInt(settings.treeId);
    this.firstIndex = firstIndex;
    this.#log = log;
    this.#settings = settings;
  }

  /** Final size of an inactive shard. */
  get length(): bigint | undefined {
    const { treeLength } = this.#settings;
    return treeLength === undefined ? undefined : BigInt(treeLength);
  }

  publicKeyPem(): string {
    return this.#log.signer.publicKey.toPem();
  }

  head(): Promise<TreeHead> {
    return this.#log.publication.head();
  }

  submit(submission: Submission): Promise<Sequenced<string>> {
    return this.#log.sequencer.submit(submission);
  }

  entryId(leafHash: Uint8Array): string {
    return rekorEntryId(this.treeId, leafHash);
  }

  async info(): Promise<ShardInfoJson> {
    const head = await this.head();
    return {
      rootHash: encodeHex(head.root),
      signedTreeHead: await this.#seal(head),
      treeID: this.#settings.treeId,
      treeSize: Number(head.size),
    };
  }

  /** @param sizes 1 <= first <= last <= the size of the head */
  async consistencyProof(first: bigint, last: bigint, head: TreeHead): Promise<ConsistencyProofJson> {
    const hashes = await this.#log.reader.consistencyProof(first, last);
    return { hashes: hashes.map(encodeHex), rootHash: encodeHex(head.root) };
  }

  /** Indexes of the leaves with these hashes under the head, by the hash's hex. */
  async find(leafHashes: readonly Uint8Array[], head: TreeHead): Promise<Map<string, bigint>> {
    if (leafHashes.length === 0) return new Map();
    const found = await this.#log.reader.indexesOf(leafHashes);
    return new Map([...found].filter(([, index]) => index < head.size));
  }

  /** Entries under the head with what the log keeps beside them, by index. */
  async read(indexes: readonly bigint[], head: TreeHead): Promise<Map<bigint, LogEntryJson>> {
    if (indexes.length === 0) return new Map();
    const [stored, checkpoint] = await Promise.all([this.#log.reader.entries(indexes), this.#seal(head)]);
    const attestations = await this.#attestationsOf(stored);
    const rendered = await Promise.all(
      stored.map(async (entry) => {
        const proof = await this.#log.reader.inclusionProof(entry.index, head.size);
        return [
          entry.index,
          await this.#render(entry, head, proof, checkpoint, attestations.get(entry.index)),
        ] as const;
      }),
    );
    return new Map(rendered);
  }

  /** The answer to whoever made the entry. */
  created(sequenced: Sequenced<string>, leafHash: Uint8Array): Promise<LogEntryJson> {
    const { head, inclusionProof, seal } = sequenced;
    return this.#render({ ...sequenced, leafHash }, head, inclusionProof, seal, undefined);
  }

  /** Entry IDs of published entries, newest first. */
  async search(search: Omit<KeySearch, 'before'>, before: bigint, head: TreeHead): Promise<string[]> {
    const bound = before < head.size ? before : head.size;
    if (bound <= 0n) return [];
    const found = await this.#log.reader.search({ ...search, before: bound });
    return found.map(({ leafHash }) => this.entryId(leafHash));
  }

  async #attestationsOf(stored: readonly StoredEntry[]): Promise<Map<bigint, Uint8Array>> {
    const digests = new Map<bigint, Uint8Array>();
    for (const { index, entry } of stored) {
      const digest = attestationDigest(entry);
      if (digest !== undefined) digests.set(index, digest);
    }
    if (digests.size === 0) return new Map();
    const kept = await this.#log.reader.attestations([...digests.values()]);
    const found = new Map<bigint, Uint8Array>();
    for (const [index, digest] of digests) {
      const data = kept.get(encodeHex(digest));
      if (data !== undefined) found.set(index, data);
    }
    return found;
  }

  /** The active head is signed on every answer, the final head of an inactive shard once. */
  #seal(head: TreeHead): Promise<string> {
    if (this.length === undefined) return sealRekorHead(this.#settings, this.#log.signer, head);
    this.#finalCheckpoint ??= sealRekorHead(this.#settings, this.#log.signer, head);
    return this.#finalCheckpoint;
  }

  async #render(
    stored: StoredEntry,
    head: TreeHead,
    proof: readonly Uint8Array[],
    checkpoint: string,
    attestation: Uint8Array | undefined,
  ): Promise<LogEntryJson> {
    const { signer } = this.#log;
    const covered = {
      body: encodeBase64(stored.entry),
      integratedTime: Number(stored.timestampMs / 1000n),
      logIndex: Number(this.firstIndex + stored.index),
    };
    const logId = encodeHex(signer.publicKey.keyId);
    const set = await signSignedEntryTimestamp({ ...covered, logId }, signer);
    const value: LogEntryValue = {
      ...(attestation === undefined ? {} : { attestation: { data: encodeBase64(attestation) } }),
      ...covered,
      logID: logId,
      verification: {
        inclusionProof: {
          checkpoint,
          hashes: proof.map(encodeHex),
          logIndex: Number(stored.index),
          rootHash: encodeHex(head.root),
          treeSize: Number(head.size),
        },
        signedEntryTimestamp: encodeBase64(set),
      },
    };
    return { [this.entryId(stored.leafHash)]: value };
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

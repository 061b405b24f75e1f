/** JSON of an entry in Rekor's API: one key, the entry ID of 80 hex digits. */
export type LogEntryJson = Readonly<Record<string, LogEntryValue>>;

export interface LogEntryValue {
  /** What the log keeps beside the entry, base64. Only when read, and not covered by any signature of the log. */
  readonly attestation?: { readonly data: string };
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  /** Over all shards. */
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      /** In the shard. */
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp: string;
  };
}

export interface ShardInfoJson {
  readonly rootHash: string;
  readonly signedTreeHead: string;
  /** Decimal: it does not fit a double. */
  readonly treeID: string;
  readonly treeSize: number;
}

/** State of the active shard, and of those before it. */
export interface LogInfoJson extends ShardInfoJson {
  readonly inactiveShards: readonly ShardInfoJson[] | null;
}

export interface ConsistencyProofJson {
  readonly hashes: readonly string[];
  /** Of the tree as it is now, not of the larger size asked for. */
  readonly rootHash: string;
}

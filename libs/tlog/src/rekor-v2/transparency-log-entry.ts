import { encodeBase64 } from '@sigstead/encoding';
import { REKOR_V2_ENTRY } from './hashed-rekord-v002.ts';

/** TransparencyLogEntry (sigstore_rekor.proto) in proto3 JSON with every field there; int64 as decimal text, bytes as base64. */
export interface TransparencyLogEntryJson {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  /** A Rekor v2 log vouches for no time. */
  readonly integratedTime: '0';
  readonly inclusionPromise: null;
  readonly inclusionProof: {
    readonly logIndex: string;
    readonly rootHash: string;
    readonly treeSize: string;
    /** Leaf to root. */
    readonly hashes: readonly string[];
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: string;
}

/** An entry with its place under one head of the log. */
export interface ProvenEntry {
  readonly index: bigint;
  readonly canonicalBody: Uint8Array;
  readonly head: { readonly size: bigint; readonly root: Uint8Array };
  /** Inclusion in `head`, hashes leaf to root. */
  readonly inclusionProof: readonly Uint8Array[];
  /** Signed note of `head`. */
  readonly checkpoint: string;
  /** Full ID of the key under the origin, 32 bytes. */
  readonly logId: Uint8Array;
}

export function transparencyLogEntryJson(entry: ProvenEntry): TransparencyLogEntryJson {
  const logIndex = entry.index.toString();
  return {
    logIndex,
    logId: { keyId: encodeBase64(entry.logId) },
    kindVersion: { ...REKOR_V2_ENTRY },
    integratedTime: '0',
    inclusionPromise: null,
    inclusionProof: {
      logIndex,
      rootHash: encodeBase64(entry.head.root),
      treeSize: entry.head.size.toString(),
      hashes: entry.inclusionProof.map(encodeBase64),
      checkpoint: { envelope: entry.checkpoint },
    },
    canonicalizedBody: encodeBase64(entry.canonicalBody),
  };
}

import { sha256 } from '@sigstead/crypto';
import { encodeHex, equalBytes } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { TilesError, type EntryFormat, type EntryReading, type Reference } from '@sigstead/tiles';
import { parseDataTile, type DataTileEntry } from './ct-data-tile.ts';
import { encodeMerkleTreeLeaf } from './ct-leaf.ts';
import { TlogError } from './errors.ts';
import { parseLeafIndex } from './leaf-index.ts';

/** 256 entries of 256 KiB, which is what other CT logs bound an entry with. */
const MAX_DATA_TILE_BYTES = 64 * 1024 * 1024;
const MAX_ISSUER_BYTES = 1024 * 1024;

export interface CtTileFormatOptions {
  /** Time of the tree head, Unix milliseconds: no entry under it may be newer (RFC 6962 section 3.5). Not compared unless told. */
  readonly headTimestampMs?: bigint | undefined;
  /** Whether times may not go back from one entry to the next: a promise that some logs make, and RFC 6962 does not ask for. */
  readonly risingTimes?: boolean;
}

/**
 * Data tiles of a static-ct-api log, for one verification from its first entry on: each entry's SCT extensions name its own index, its time
 * is one that it may have, and every issuing certificate is there.
 */
export function ctTileFormat({
  headTimestampMs,
  risingTimes = false,
}: CtTileFormatOptions = {}): EntryFormat {
  const known = new Set<string>();
  let newestMs = 0n;

  const faultsOf = (entry: DataTileEntry, index: bigint): string[] => {
    const faults = leafIndexFaults(entry, index);
    if (risingTimes && entry.timestampMs < newestMs)
      faults.push(`time ${entry.timestampMs} is before ${newestMs}, of an entry before it`);
    if (headTimestampMs !== undefined && entry.timestampMs > headTimestampMs)
      faults.push(`time ${entry.timestampMs} is after that of the tree head, ${headTimestampMs}`);
    if (entry.timestampMs > newestMs) newestMs = entry.timestampMs;
    return faults.map((fault) => `entry ${index}: ${fault}`);
  };

  const referencesOf = ({ chainFingerprints }: DataTileEntry): Reference[] =>
    chainFingerprints.flatMap((fingerprint) => {
      const hex = encodeHex(fingerprint);
      if (known.has(hex)) return [];
      known.add(hex);
      // A copy: what is kept of a tile must not keep the whole tile.
      return [issuerReference(Uint8Array.from(fingerprint))];
    });

  return {
    level: 'data',
    maxBytes: MAX_DATA_TILE_BYTES,
    read: (bundle, first, width): EntryReading => {
      const entries = readDataTile(bundle, width);
      return {
        leafHashes: entries.map((entry) => hashLeaf(encodeMerkleTreeLeaf(entry))),
        faults: entries.flatMap((entry, i) => faultsOf(entry, first + BigInt(i))),
        references: entries.flatMap(referencesOf),
      };
    },
  };
}

/** Below the log's prefix (C2SP static-ct-api). */
export function issuerPath(fingerprint: Uint8Array): string {
  return `issuer/${encodeHex(fingerprint)}`;
}

function readDataTile(bundle: Uint8Array, width: number): DataTileEntry[] {
  let entries: DataTileEntry[];
  try {
    entries = parseDataTile(bundle);
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new TilesError('BUNDLE', cause.message, { cause });
  }
  if (entries.length !== width)
    throw new TilesError('BUNDLE', `data tile of ${entries.length} entries, want ${width}`);
  return entries;
}

function leafIndexFaults({ extensions }: DataTileEntry, index: bigint): string[] {
  try {
    const named = parseLeafIndex(extensions);
    return named === index
      ? []
      : [
          named === undefined
            ? 'its extensions name no leaf index'
            : `its extensions name leaf index ${named}`,
        ];
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return [error.message];
  }
}

function issuerReference(fingerprint: Uint8Array): Reference {
  return {
    path: issuerPath(fingerprint),
    maxBytes: MAX_ISSUER_BYTES,
    fault: (der) => {
      const digest = sha256(der);
      return equalBytes(digest, fingerprint) ? undefined : `has the SHA-256 ${encodeHex(digest)}`;
    },
  };
}

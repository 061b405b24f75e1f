import { encodeHex } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT } from '@sigstead/merkle';
import { createHash } from 'node:crypto';
import { LogError } from '../errors.ts';
import { frameEntries } from '../storage/chunk-framing.ts';
import type { AttestationRow, BatchRows, ChunkRow, IssuerRow, LogRow, TileRow } from '../storage/log-rows.ts';
import type { Submission } from './submission.ts';
import { TreeNodes } from './tree-nodes.ts';

const TILE_WIDTH = 256n;

/** 'batch': all entries share one time. 'entry': each has its own millisecond, one after the other. */
export type Timestamps = 'batch' | 'entry';

export interface PlannedEntry {
  readonly submission: Submission;
  readonly index: bigint;
  readonly timestampMs: bigint;
  readonly entry: Uint8Array;
  readonly leafHash: Uint8Array;
}

export interface BatchPlan {
  readonly rows: BatchRows;
  readonly entries: readonly PlannedEntry[];
  /** Every node that an inclusion proof of a new entry can need. */
  readonly nodes: TreeNodes;
}

/** Hashes of nodes [from, to) at level 8 * level that are stored already, back to back. */
export type StoredNodes = (level: number, from: bigint, to: bigint) => Promise<Uint8Array>;

export interface PlanInput {
  /** As read under its lock. */
  readonly row: LogRow;
  /** None of them stored, no two alike; at least one. */
  readonly submissions: readonly Submission[];
  readonly nowMs: bigint;
  readonly timestamps: Timestamps;
  readonly stored: StoredNodes;
}

/**
 * Everything a batch writes, computed from the locked row alone, plus, when it completes a tile, the stored part of that tile.
 * Touches no state: a plan whose transaction fails is simply dropped.
 *
 * @throws LogError STORAGE when the row contradicts itself
 */
export async function planBatch(input: PlanInput): Promise<BatchPlan> {
  const { row, submissions } = input;
  const range = restoreRange(row);
  const nodes = TreeNodes.ofRange(row.size, range.hashes);
  const entries = placeEntries(input);
  for (const { leafHash } of entries)
    range.append(leafHash, (level, index, hash) => nodes.set(level, index, hash));
  return {
    entries,
    nodes,
    rows: {
      head: { size: range.size, root: range.root() },
      frontier: range.hashes,
      lastTimestampMs: (entries.at(-1) as PlannedEntry).timestampMs,
      firstIndex: row.size,
      identities: Buffer.concat(submissions.map(({ identity }) => identity)),
      searchKeys: collectSearchKeys(entries),
      chunks: splitChunks(entries),
      tiles: await completeTiles(row.size, range.size, nodes, input.stored),
      issuers: collectIssuers(submissions),
      attestations: collectAttestations(submissions),
    },
  };
}

function restoreRange(row: LogRow): CompactRange {
  let range: CompactRange;
  try {
    range = CompactRange.from(row.size, row.frontier);
  } catch (cause) {
    throw new LogError('STORAGE', `the frontier of size ${row.size} is malformed`, { cause });
  }
  const root = row.size === 0n ? EMPTY_ROOT : range.root();
  if (Buffer.compare(root, row.root) !== 0) {
    throw new LogError(
      'STORAGE',
      `the frontier of size ${row.size} has the root ${encodeHex(root)}, stored is ${encodeHex(row.root)}`,
    );
  }
  return range;
}

/** Time never runs backwards in a log, whatever the clock does: at least a millisecond lies between two batches. */
function placeEntries({ row, submissions, nowMs, timestamps }: PlanInput): PlannedEntry[] {
  const first = nowMs > row.lastTimestampMs ? nowMs : row.lastTimestampMs + 1n;
  return submissions.map((submission, i) => {
    const index = row.size + BigInt(i);
    const timestampMs = timestamps === 'entry' ? first + BigInt(i) : first;
    return { submission, index, timestampMs, ...submission.encode(index, timestampMs) };
  });
}

function splitChunks(entries: readonly PlannedEntry[]): ChunkRow[] {
  const parts = new Map<bigint, PlannedEntry[]>();
  for (const entry of entries) {
    const part = entry.index / TILE_WIDTH;
    const present = parts.get(part);
    if (present === undefined) parts.set(part, [entry]);
    else present.push(entry);
  }
  return [...parts.values()].map((part) => {
    const first = part[0] as PlannedEntry;
    return {
      firstIndex: first.index,
      n: part.length,
      timestampMs: first.timestampMs,
      entries: frameEntries(part.map(({ entry }) => entry)),
      leafHashes: Buffer.concat(part.map(({ leafHash }) => leafHash)),
    };
  });
}

/** Tiles that become full between two sizes. Their left part may have been written by earlier batches. */
async function completeTiles(
  oldSize: bigint,
  newSize: bigint,
  nodes: TreeNodes,
  stored: StoredNodes,
): Promise<TileRow[]> {
  const tiles: TileRow[] = [];
  for (let level = 0; newSize >> BigInt(8 * (level + 1)) > 0n; level++) {
    const width = BigInt(8 * level);
    for (let n = oldSize >> (width + 8n); n < newSize >> (width + 8n); n++) {
      const begin = n * TILE_WIDTH;
      const firstNew = oldSize >> width > begin ? oldSize >> width : begin;
      const hashes = [await stored(level, begin, firstNew)];
      for (let index = firstNew; index < begin + TILE_WIDTH; index++)
        hashes.push(nodes.get(8 * level, index));
      tiles.push({ level, n, data: Buffer.concat(hashes), root: nodes.get(8 * (level + 1), n) });
    }
  }
  return tiles;
}

function collectSearchKeys(entries: readonly PlannedEntry[]): BatchRows['searchKeys'] {
  const keys: string[] = [];
  const indexes: bigint[] = [];
  for (const { submission, index } of entries) {
    for (const key of new Set(submission.searchKeys)) {
      keys.push(key);
      indexes.push(index);
    }
  }
  return { keys, indexes };
}

function collectIssuers(submissions: readonly Submission[]): IssuerRow[] {
  const issuers = new Map<string, IssuerRow>();
  for (const der of submissions.flatMap((submission) => submission.issuers)) {
    const sha256 = createHash('sha256').update(der).digest();
    issuers.set(sha256.toString('hex'), { sha256, der });
  }
  // One order for all: two transactions that insert the same new certificates must not wait for each other in a circle.
  return [...issuers.keys()].sort().map((key) => issuers.get(key) as IssuerRow);
}

/** Each once: entries may share what they refer to. */
function collectAttestations(submissions: readonly Submission[]): AttestationRow[] {
  const attestations = new Map<string, AttestationRow>();
  for (const { attestation } of submissions) {
    if (attestation === undefined) continue;
    const sha256 = createHash('sha256').update(attestation).digest();
    attestations.set(sha256.toString('hex'), { sha256, data: attestation });
  }
  return [...attestations.values()];
}

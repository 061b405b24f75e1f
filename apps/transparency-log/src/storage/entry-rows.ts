import type { Connection } from '@sigstead/postgres';
import { LogError } from '../errors.ts';
import { locateEntry, unframeEntries } from './chunk-framing.ts';

export interface StoredEntry {
  readonly index: bigint;
  /** Of the chunk: what the entry itself says of its time is for its kind to read. */
  readonly timestampMs: bigint;
  readonly entry: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** One entry, without reading the others of its chunk; undefined past the end. */
export async function readEntry(
  connection: Connection,
  logId: number,
  index: bigint,
): Promise<StoredEntry | undefined> {
  const [entry] = await readEntriesAt(connection, logId, [index]);
  return entry;
}

/** Entries wherever they are, in ascending order of their indexes, in two queries whatever their number. Those past the end are left out. */
export async function readEntriesAt(
  connection: Connection,
  logId: number,
  indexes: readonly bigint[],
): Promise<StoredEntry[]> {
  const places = await locateEntries(connection, logId, indexes);
  if (places.length === 0) return [];
  const { rows } = await connection.query<{ entry: Buffer }>({
    name: 'slice-entries',
    text: `SELECT substring(c.entries FROM w.start + 1 FOR w.length) AS entry
           FROM unnest($2::bigint[], $3::int[], $4::int[]) WITH ORDINALITY AS w (first_index, start, length, n)
           JOIN tlog.chunk AS c ON c.log_id = $1 AND c.first_index = w.first_index ORDER BY w.n`,
    values: [
      logId,
      places.map(({ firstIndex }) => firstIndex),
      places.map(({ offset }) => offset),
      places.map(({ length }) => length),
    ],
  });
  return places.map(({ index, timestampMs, leafHash, length }, i) => {
    const entry = rows[i]?.entry;
    if (entry?.length !== length) {
      throw new LogError('STORAGE', `entry ${index} has ${entry?.length} bytes, its chunk says ${length}`);
    }
    return { index, timestampMs, entry, leafHash };
  });
}

interface EntryPlace {
  readonly index: bigint;
  readonly timestampMs: bigint;
  readonly leafHash: Uint8Array;
  /** Of the chunk, as the driver gives it. */
  readonly firstIndex: string;
  readonly offset: number;
  readonly length: number;
}

async function locateEntries(
  connection: Connection,
  logId: number,
  indexes: readonly bigint[],
): Promise<EntryPlace[]> {
  const { rows } = await connection.query<{
    idx: string;
    first_index: string;
    n: number;
    timestamp_ms: string;
    lengths: Buffer;
    leaf_hash: Buffer;
  }>({
    name: 'locate-entries',
    text: `SELECT w.idx, c.* FROM unnest($2::bigint[]) AS w (idx) CROSS JOIN LATERAL (
             SELECT first_index, n, timestamp_ms, substring(entries FOR 4 * n) AS lengths,
               substring(leaf_hashes FROM (32 * (w.idx - first_index))::int + 1 FOR 32) AS leaf_hash
             FROM tlog.chunk WHERE log_id = $1 AND first_index BETWEEN w.idx - 255 AND w.idx
             ORDER BY first_index DESC LIMIT 1
           ) AS c WHERE w.idx < c.first_index + c.n ORDER BY w.idx`,
    values: [logId, indexes],
  });
  return rows.map((row) => {
    const index = BigInt(row.idx);
    return {
      index,
      timestampMs: BigInt(row.timestamp_ms),
      leafHash: row.leaf_hash,
      firstIndex: row.first_index,
      ...locateEntry(row.lengths, Number(index - BigInt(row.first_index))),
    };
  });
}

/** Entries [from, to) as far as they exist, whole chunks at a time. For ranges of a few hundred. */
export async function readEntries(
  connection: Connection,
  logId: number,
  from: bigint,
  to: bigint,
): Promise<StoredEntry[]> {
  const { rows } = await connection.query<{
    first_index: string;
    n: number;
    timestamp_ms: string;
    entries: Buffer;
    leaf_hashes: Buffer;
  }>({
    name: 'read-entries',
    text: `SELECT first_index, n, timestamp_ms, entries, leaf_hashes FROM tlog.chunk
           WHERE log_id = $1 AND first_index > $2::bigint - 256 AND first_index < $3 ORDER BY first_index`,
    values: [logId, from, to],
  });
  return rows
    .flatMap((row) =>
      unframeEntries(row.entries, row.n).map((entry, i) => ({
        index: BigInt(row.first_index) + BigInt(i),
        timestampMs: BigInt(row.timestamp_ms),
        entry,
        leafHash: row.leaf_hashes.subarray(32 * i, 32 * i + 32),
      })),
    )
    .filter(({ index }) => index >= from && index < to);
}

/**
 * Hashes of nodes [from, to) at level 8 * `level`, back to back: leaf hashes for level 0, roots of full tiles above.
 *
 * @throws LogError STORAGE when some are missing
 */
export async function readNodeHashes(
  connection: Connection,
  logId: number,
  level: number,
  from: bigint,
  to: bigint,
): Promise<Uint8Array> {
  if (from >= to) return new Uint8Array(0);
  const hashes =
    level === 0
      ? await readLeafHashes(connection, logId, from, to)
      : await readRoots(connection, logId, level - 1, from, to);
  const want = Number(to - from) * 32;
  if (hashes.length !== want) {
    throw new LogError(
      'STORAGE',
      `nodes ${from} to ${to} of tile level ${level} have ${hashes.length} bytes, want ${want}`,
    );
  }
  return hashes;
}

async function readLeafHashes(
  connection: Connection,
  logId: number,
  from: bigint,
  to: bigint,
): Promise<Uint8Array> {
  const { rows } = await connection.query<{ first_index: string; leaf_hashes: Buffer }>({
    name: 'read-leaf-hashes',
    text: `SELECT first_index, leaf_hashes FROM tlog.chunk
           WHERE log_id = $1 AND first_index > $2::bigint - 256 AND first_index < $3 ORDER BY first_index`,
    values: [logId, from, to],
  });
  const slices = rows.map((row) => {
    const first = BigInt(row.first_index);
    const begin = first < from ? Number(from - first) * 32 : 0;
    return row.leaf_hashes.subarray(begin, Number(to - first) * 32);
  });
  return Buffer.concat(slices);
}

async function readRoots(
  connection: Connection,
  logId: number,
  level: number,
  from: bigint,
  to: bigint,
): Promise<Uint8Array> {
  const { rows } = await connection.query<{ root: Buffer }>({
    name: 'read-tile-roots',
    text: 'SELECT root FROM tlog.tile WHERE log_id = $1 AND level = $2 AND n >= $3 AND n < $4 ORDER BY n',
    values: [logId, level, from, to],
  });
  return Buffer.concat(rows.map((row) => row.root));
}

/** A full tile, 8192 bytes. */
export async function readTile(
  connection: Connection,
  logId: number,
  level: number,
  n: bigint,
): Promise<Uint8Array | undefined> {
  const { rows } = await connection.query<{ data: Buffer }>({
    name: 'read-tile',
    text: 'SELECT data FROM tlog.tile WHERE log_id = $1 AND level = $2 AND n = $3',
    values: [logId, level, n],
  });
  return rows[0]?.data;
}

import type { Connection } from '@sigstead/postgres';
import { encodeHex } from '@sigstead/encoding';
import type { TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';

export type LogKind = 'rekor-v1' | 'rekor-v2' | 'ct';

/** What is fixed for a log when it is created. */
export interface LogIdentity {
  readonly kind: LogKind;
  readonly name: string;
  readonly origin: string;
  readonly treeId: bigint | undefined;
  /** SHA-256 of the public key's SPKI. */
  readonly keyId: Uint8Array;
}

/** The row of a log as read under its lock. */
export interface LogRow extends TreeHead {
  readonly state: 'active' | 'frozen';
  /** Roots of the perfect subtrees, largest first. */
  readonly frontier: readonly Uint8Array[];
  readonly lastTimestampMs: bigint;
}

/** What a batch writes. */
export interface BatchRows {
  readonly head: TreeHead;
  readonly frontier: readonly Uint8Array[];
  readonly lastTimestampMs: bigint;
  /** Index of the first new entry. */
  readonly firstIndex: bigint;
  /** Identities of the new entries in order, 32 bytes each, back to back. */
  readonly identities: Uint8Array;
  readonly searchKeys: { readonly keys: readonly string[]; readonly indexes: readonly bigint[] };
  /** At least one. */
  readonly chunks: readonly ChunkRow[];
  readonly tiles: readonly TileRow[];
  readonly issuers: readonly IssuerRow[];
  readonly attestations: readonly AttestationRow[];
}

export interface ChunkRow {
  readonly firstIndex: bigint;
  readonly n: number;
  readonly timestampMs: bigint;
  readonly entries: Uint8Array;
  readonly leafHashes: Uint8Array;
}

export interface TileRow {
  readonly level: number;
  readonly n: bigint;
  readonly data: Uint8Array;
  readonly root: Uint8Array;
}

export interface IssuerRow {
  readonly sha256: Uint8Array;
  readonly der: Uint8Array;
}

export interface AttestationRow {
  readonly sha256: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * The log's number, its row made when absent. Two replicas starting at once make one row.
 *
 * @throws LogError CONFIGURATION when the log exists with another origin, tree ID or key
 */
export async function createLogRow(
  connection: Connection,
  log: LogIdentity,
  empty: TreeHead,
): Promise<number> {
  await connection.query(
    `INSERT INTO tlog.log (kind, name, origin, tree_id, key_id, size, root, frontier, last_timestamp_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, ''::bytea, 0) ON CONFLICT DO NOTHING`,
    [log.kind, log.name, log.origin, log.treeId ?? null, log.keyId, empty.size, empty.root],
  );
  const { rows } = await connection.query<{
    id: number;
    origin: string;
    kind: string;
    tree_id: string | null;
    key_id: Buffer;
  }>('SELECT id, origin, kind, tree_id, key_id FROM tlog.log WHERE name = $1', [log.name]);
  const row = rows[0];
  if (row === undefined) {
    throw new LogError(
      'CONFIGURATION',
      `log ${log.name} cannot be made: another log has the origin ${log.origin}`,
    );
  }
  assertSame(log.name, 'kind', row.kind, log.kind);
  assertSame(log.name, 'origin', row.origin, log.origin);
  assertSame(log.name, 'tree ID', row.tree_id ?? undefined, log.treeId?.toString());
  assertSame(log.name, 'key', encodeHex(row.key_id), encodeHex(log.keyId));
  return row.id;
}

function assertSame(
  name: string,
  what: string,
  stored: string | undefined,
  configured: string | undefined,
): void {
  if (stored !== configured) {
    throw new LogError(
      'CONFIGURATION',
      `log ${name} was made with the ${what} ${stored}, configured is ${configured}`,
    );
  }
}

/**
 * The row, locked until the transaction ends: whoever holds it is the only one who can append.
 *
 * @throws LogError CONFIGURATION when the database does not make durable what it commits; STORAGE
 */
export async function lockLogRow(connection: Connection, logId: number): Promise<LogRow> {
  const { rows } = await connection.query<{
    state: 'active' | 'frozen';
    size: string;
    root: Buffer;
    frontier: Buffer;
    last_timestamp_ms: string;
    synchronous_commit: string;
  }>({
    name: 'lock-log',
    text: `SELECT state, size, root, frontier, last_timestamp_ms, current_setting('synchronous_commit') AS synchronous_commit
           FROM tlog.log WHERE id = $1 FOR UPDATE`,
    values: [logId],
  });
  const row = rows[0];
  if (row === undefined) throw new LogError('STORAGE', `log ${logId} has no row`);
  // An acknowledged COMMIT that a crash of the server undoes would shut the log for good: the anchor is then ahead.
  if (row.synchronous_commit === 'off')
    throw new LogError(
      'CONFIGURATION',
      'the database has synchronous_commit off: what it commits may be lost',
    );
  return {
    state: row.state,
    size: BigInt(row.size),
    root: row.root,
    frontier: splitHashes(row.frontier),
    lastTimestampMs: BigInt(row.last_timestamp_ms),
  };
}

/** What there is to see of a log from outside. */
export interface LogSummary {
  readonly name: string;
  readonly origin: string;
  readonly state: 'active' | 'frozen';
  readonly size: bigint;
}

export async function listLogRows(connection: Connection): Promise<LogSummary[]> {
  const { rows } = await connection.query<Omit<LogSummary, 'size'> & { size: string }>(
    'SELECT name, origin, state, size FROM tlog.log ORDER BY id',
  );
  return rows.map((row) => ({ ...row, size: BigInt(row.size) }));
}

/** Whether a log takes entries. Takes no lock. */
export async function readLogState(connection: Connection, logId: number): Promise<LogSummary['state']> {
  const { rows } = await connection.query<Pick<LogSummary, 'state'>>(
    'SELECT state FROM tlog.log WHERE id = $1',
    [logId],
  );
  if (rows[0] === undefined) throw new LogError('STORAGE', `log ${logId} has no row`);
  return rows[0].state;
}

/**
 * Freezes a log once no batch is under way: the size it gives is final. For the owner of the table only.
 *
 * @throws LogError CONFIGURATION when there is no such log
 */
export async function freezeLogRow(connection: Connection, name: string): Promise<bigint> {
  const { rows } = await connection.query<{ size: string }>(
    `UPDATE tlog.log SET state = 'frozen' WHERE name = $1 RETURNING size`,
    [name],
  );
  if (rows[0] === undefined) throw new LogError('CONFIGURATION', `there is no log ${JSON.stringify(name)}`);
  return BigInt(rows[0].size);
}

/** Root committed at a size, undefined when no batch ended there. */
export async function readTreeHead(
  connection: Connection,
  logId: number,
  size: bigint,
): Promise<Uint8Array | undefined> {
  const { rows } = await connection.query<{ root: Buffer }>({
    name: 'read-tree-head',
    text: 'SELECT root FROM tlog.tree_head WHERE log_id = $1 AND size = $2',
    values: [logId, size],
  });
  return rows[0]?.root;
}

/** Time of the newest entry under a committed head, undefined when there is no such head. */
export async function readTreeHeadTime(
  connection: Connection,
  logId: number,
  size: bigint,
): Promise<bigint | undefined> {
  const { rows } = await connection.query<{ timestamp_ms: string }>({
    name: 'read-tree-head-time',
    text: 'SELECT timestamp_ms FROM tlog.tree_head WHERE log_id = $1 AND size = $2',
    values: [logId, size],
  });
  return rows[0] === undefined ? undefined : BigInt(rows[0].timestamp_ms);
}

/**
 * Indexes of those identities that are stored, by the identity's hex.
 * All of them travel as one binary parameter: an array of bytea would be sent as hex text.
 */
export async function findIdentities(
  connection: Connection,
  logId: number,
  identities: readonly Uint8Array[],
): Promise<Map<string, bigint>> {
  const { rows } = await connection.query<{ identity: Buffer; idx: string }>({
    name: 'find-identities',
    text: `SELECT i.identity, i.idx FROM generate_series(0, $3::int - 1) AS g CROSS JOIN LATERAL (
             SELECT identity, idx FROM tlog.ident
             WHERE log_id = $1 AND identity = substring($2::bytea FROM g * 32 + 1 FOR 32) LIMIT 1
           ) AS i`,
    values: [logId, Buffer.concat(identities), identities.length],
  });
  return new Map(rows.map((row) => [encodeHex(row.identity), BigInt(row.idx)]));
}

/** Writes a batch and moves the log's row. The caller holds the row's lock; nothing is visible to anyone before its COMMIT. */
export async function appendBatch(connection: Connection, logId: number, batch: BatchRows): Promise<void> {
  const lastChunk = batch.chunks.at(-1) as ChunkRow;
  for (const chunk of batch.chunks.slice(0, -1)) {
    await connection.query({
      name: 'insert-chunk',
      text: `INSERT INTO tlog.chunk (log_id, first_index, n, timestamp_ms, entries, leaf_hashes) VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [logId, chunk.firstIndex, chunk.n, chunk.timestampMs, chunk.entries, chunk.leafHashes],
    });
  }
  for (const tile of batch.tiles) {
    await connection.query({
      name: 'insert-tile',
      text: 'INSERT INTO tlog.tile (log_id, level, n, data, root) VALUES ($1, $2, $3, $4, $5)',
      values: [logId, tile.level, tile.n, tile.data, tile.root],
    });
  }
  for (const issuer of batch.issuers) {
    await connection.query({
      name: 'insert-issuer',
      text: 'INSERT INTO tlog.issuer (sha256, der) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      values: [issuer.sha256, issuer.der],
    });
  }
  for (const attestation of batch.attestations) {
    await connection.query({
      name: 'insert-attestation',
      text: 'INSERT INTO tlog.attestation (log_id, sha256, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      values: [logId, attestation.sha256, attestation.data],
    });
  }
  // What every batch has goes in one statement: each would cost a round trip under the lock.
  await connection.query({
    name: 'append',
    text: `WITH identities AS (
             INSERT INTO tlog.ident (log_id, identity, idx)
             SELECT $1::int, substring($2::bytea FROM g * 32 + 1 FOR 32), $3::bigint + g
             FROM generate_series(0, octet_length($2::bytea) / 32 - 1) AS g
           ), head AS (
             INSERT INTO tlog.tree_head (log_id, size, root, timestamp_ms) VALUES ($1, $4, $5, $7)
           ), keys AS (
             INSERT INTO tlog.search_key (log_id, key, idx)
             SELECT $1::int, key, idx FROM unnest($8::text[], $9::bigint[]) AS t (key, idx)
           ), chunk AS (
             INSERT INTO tlog.chunk (log_id, first_index, n, timestamp_ms, entries, leaf_hashes)
             VALUES ($1, $10, $11, $12, $13, $14)
           )
           UPDATE tlog.log SET size = $4, root = $5, frontier = $6, last_timestamp_ms = $7 WHERE id = $1`,
    values: [
      logId,
      batch.identities,
      batch.firstIndex,
      batch.head.size,
      batch.head.root,
      Buffer.concat(batch.frontier),
      batch.lastTimestampMs,
      batch.searchKeys.keys,
      batch.searchKeys.indexes,
      lastChunk.firstIndex,
      lastChunk.n,
      lastChunk.timestampMs,
      lastChunk.entries,
      lastChunk.leafHashes,
    ],
  });
}

export function splitHashes(bytes: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 32) hashes.push(bytes.subarray(at, at + 32));
  return hashes;
}

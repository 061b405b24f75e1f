import type { Connection } from '@sigstead/postgres';

/** What to search one log for. */
export interface KeySearch {
  /**
   * Criteria, each met by any one of its keys; the rarest first. At least one, none empty.
   */
  readonly criteria: readonly (readonly string[])[];
  /** Whether an entry must meet all criteria, or any. */
  readonly operator: 'and' | 'or';
  /** Only entries below this index. */
  readonly before: bigint;
  /** Newest entries at most. */
  readonly limit: number;
}

export interface FoundEntry {
  readonly index: bigint;
  readonly leafHash: Uint8Array;
}

/** Entries that have the keys, newest first. Reads along the index from its newest end, no further than the limit needs. */
export async function searchEntries(
  connection: Connection,
  logId: number,
  search: KeySearch,
): Promise<FoundEntry[]> {
  const { criteria, operator, before, limit } = search;
  const [first = [], ...others] = operator === 'and' ? criteria : [criteria.flat()];
  // Every criterion beyond the first costs one look-up per candidate; their number is that of the fields of a query.
  const conditions = others.map(
    (_, i) =>
      `AND EXISTS (SELECT FROM tlog.search_key AS o WHERE o.log_id = $1 AND o.key = ANY($${i + 5}::text[]) AND o.idx = s.idx)`,
  );
  const { rows } = await connection.query<{ idx: string; leaf_hash: Buffer }>({
    name: `search-entries-${others.length}`,
    text: `SELECT found.idx, c.leaf_hash FROM (
             SELECT DISTINCT candidate.idx FROM unnest($2::text[]) AS wanted (key) CROSS JOIN LATERAL (
               SELECT s.idx FROM tlog.search_key AS s
               WHERE s.log_id = $1 AND s.key = wanted.key AND s.idx < $3::bigint ${conditions.join(' ')}
               ORDER BY s.idx DESC LIMIT $4
             ) AS candidate ORDER BY candidate.idx DESC LIMIT $4
           ) AS found CROSS JOIN LATERAL (
             SELECT substring(leaf_hashes FROM (32 * (found.idx - first_index))::int + 1 FOR 32) AS leaf_hash
             FROM tlog.chunk WHERE log_id = $1 AND first_index BETWEEN found.idx - 255 AND found.idx
             ORDER BY first_index DESC LIMIT 1
           ) AS c ORDER BY found.idx DESC`,
    values: [logId, first, before, limit, ...others],
  });
  return rows.map((row) => ({ index: BigInt(row.idx), leafHash: row.leaf_hash }));
}

import type { Connection } from '@sigstead/postgres';

/** Keeps when a log was frozen; the first time stays. For the owner of the table only. */
export async function recordFreeze(connection: Connection, name: string, atMs: bigint): Promise<void> {
  await connection.query(
    `INSERT INTO tlog.freeze (log_id, at_ms) SELECT id, $2 FROM tlog.log WHERE name = $1 ON CONFLICT DO NOTHING`,
    [name, atMs],
  );
}

/** When a log was frozen; undefined while it takes entries. One frozen past the lifecycle command ended with its newest entry. */
export async function readFreeze(connection: Connection, logId: number): Promise<bigint | undefined> {
  const { rows } = await connection.query<{ at_ms: string }>({
    name: 'read-freeze',
    text: `SELECT coalesce(f.at_ms, l.last_timestamp_ms) AS at_ms
           FROM tlog.log AS l LEFT JOIN tlog.freeze AS f ON f.log_id = l.id
           WHERE l.id = $1 AND l.state = 'frozen'`,
    values: [logId],
  });
  return rows[0] === undefined ? undefined : BigInt(rows[0].at_ms);
}

import type { Connection } from '@sigstead/postgres';

/**
 * Keeps the note of a head and gives the one that is kept: of two replicas that signed the same head, the first one's.
 */
export async function keepCheckpoint(
  connection: Connection,
  logId: number,
  size: bigint,
  note: string,
): Promise<string> {
  await connection.query({
    name: 'keep-checkpoint',
    text: 'INSERT INTO tlog.checkpoint (log_id, size, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    values: [logId, size, note],
  });
  // In a statement of its own: the one above does not see what another replica inserted while it ran.
  return (await readCheckpoint(connection, logId, size)) ?? note;
}

/** The note kept for a head, undefined when there is none. */
export async function readCheckpoint(
  connection: Connection,
  logId: number,
  size: bigint,
): Promise<string | undefined> {
  const { rows } = await connection.query<{ note: string }>({
    name: 'read-checkpoint',
    text: 'SELECT note FROM tlog.checkpoint WHERE log_id = $1 AND size = $2',
    values: [logId, size],
  });
  return rows[0]?.note;
}

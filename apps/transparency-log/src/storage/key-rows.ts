import type { Connection } from '@sigstead/postgres';
import type { LogIdentity } from './log-rows.ts';

/** Name of another log of the kind that has this key, undefined when there is none. */
export async function findLogOfKey(
  connection: Connection,
  { kind, keyId, name }: Pick<LogIdentity, 'kind' | 'keyId' | 'name'>,
): Promise<string | undefined> {
  const { rows } = await connection.query<{ name: string }>(
    'SELECT name FROM tlog.log WHERE kind = $1 AND key_id = $2 AND name <> $3 LIMIT 1',
    [kind, keyId, name],
  );
  return rows[0]?.name;
}

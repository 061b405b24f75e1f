import type { Connection } from '@sigstead/postgres';
import { encodeHex } from '@sigstead/encoding';

/** Those that are kept, by the hex of their SHA-256. */
export async function readAttestations(
  connection: Connection,
  logId: number,
  digests: readonly Uint8Array[],
): Promise<Map<string, Uint8Array>> {
  const { rows } = await connection.query<{ sha256: Buffer; data: Buffer }>({
    name: 'read-attestations',
    text: `SELECT a.sha256, a.data FROM generate_series(0, $3::int - 1) AS g
           JOIN tlog.attestation AS a ON a.log_id = $1 AND a.sha256 = substring($2::bytea FROM g * 32 + 1 FOR 32)`,
    values: [logId, Buffer.concat(digests), digests.length],
  });
  return new Map(rows.map((row) => [encodeHex(row.sha256), row.data]));
}

import type { Connection } from '@sigstead/postgres';
import { encodeHex } from '@sigstead/encoding';

/** Index of the leaf of a CT log that has this hash, committed or about to be published; undefined when there is none. */
export async function findLeafHash(
  connection: Connection,
  logId: number,
  hash: Uint8Array,
): Promise<bigint | undefined> {
  const { rows } = await connection.query<{ idx: string }>({
    name: 'find-leaf-hash',
    text: 'SELECT idx FROM tlog.leaf_hash WHERE log_id = $1 AND hash = $2',
    values: [logId, hash],
  });
  return rows[0] === undefined ? undefined : BigInt(rows[0].idx);
}

/** Certificates in DER that entries of CT logs refer to, by the hex of their SHA-256. All CT logs share them. */
export async function readIssuers(
  connection: Connection,
  fingerprints: readonly Uint8Array[],
): Promise<Map<string, Uint8Array>> {
  const { rows } = await connection.query<{ sha256: Buffer; der: Buffer }>({
    name: 'read-issuers',
    text: 'SELECT sha256, der FROM tlog.issuer WHERE sha256 = ANY($1::bytea[])',
    values: [fingerprints],
  });
  return new Map(rows.map((row) => [encodeHex(row.sha256), row.der]));
}

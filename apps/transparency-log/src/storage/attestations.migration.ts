import { protectInsertOnly } from '@sigstead/postgres';
import { parseCanonicalBody, rekorEntryTypes } from '@sigstead/tlog';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { unframeEntries } from './chunk-framing.ts';

const CHUNKS_AT_ONCE = 64;

interface ChunkRow {
  readonly log_id: number;
  readonly first_index: string;
  readonly n: number;
  readonly entries: Buffer;
}

/**
 * - `attestation`: what entries of a log refer to by its SHA-256 and the log keeps beside them. Insert-only.
 * - `search_key`: entries stored before get the keys that are new, so that the index stays complete.
 */
export function addAttestations(serviceRole: string): new () => MigrationInterface {
  return class AddAttestations implements MigrationInterface {
    readonly name = 'AddAttestations1700000001000';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        CREATE TABLE tlog.attestation (
          log_id integer NOT NULL REFERENCES tlog.log,
          sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
          data bytea NOT NULL CHECK (sha256(data) = sha256),
          PRIMARY KEY (log_id, sha256)
        )`);
      await protectInsertOnly(runner, 'tlog', 'attestation', serviceRole);
      await completeSearchKeys(runner);
    }

    /** There is no way back: a log that could be dropped by a tool is not a log. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the transparency log is not taken down'));
    }
  };
}

/** Whole chunks at a time, in the order of the table's key, so that memory does not grow with the log. */
async function completeSearchKeys(runner: QueryRunner): Promise<void> {
  let after: readonly [number, string] = [0, '-1'];
  for (;;) {
    const chunks = (await runner.query(
      `SELECT c.log_id, c.first_index, c.n, c.entries FROM tlog.chunk AS c JOIN tlog.log AS l ON l.id = c.log_id
       WHERE l.kind = 'rekor-v1' AND (c.log_id, c.first_index) > ($1, $2) ORDER BY c.log_id, c.first_index LIMIT $3`,
      [after[0], after[1], CHUNKS_AT_ONCE],
    )) as ChunkRow[];
    const last = chunks.at(-1);
    if (last === undefined) return;
    for (const chunk of chunks) await completeChunk(runner, chunk);
    after = [last.log_id, last.first_index];
  }
}

async function completeChunk(runner: QueryRunner, chunk: ChunkRow): Promise<void> {
  const rows = unframeEntries(chunk.entries, chunk.n).flatMap((entry, i) =>
    indexKeysOf(entry).map((key) => ({ key, index: BigInt(chunk.first_index) + BigInt(i) })),
  );
  await runner.query(
    `INSERT INTO tlog.search_key (log_id, key, idx) SELECT $1::int, key, idx FROM unnest($2::text[], $3::bigint[]) AS t (key, idx)
     ON CONFLICT DO NOTHING`,
    [chunk.log_id, rows.map(({ key }) => key), rows.map(({ index }) => index)],
  );
}

function indexKeysOf(body: Uint8Array): string[] {
  const { kind, apiVersion, spec } = parseCanonicalBody(body);
  return rekorEntryTypes.find(kind, apiVersion)?.parse(spec).indexKeys() ?? [];
}

import { protectInsertOnly } from '@sigstead/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `leaf_hash`: where a leaf of a CT log is (RFC 6962 section 4.5). Its hash covers index and time, so it is not what makes an entry the
 * same entry and has no place in `ident`. Insert-only, and written by the database itself together with the chunk: no writer can forget
 * it, a replica of an older version neither.
 */
export function addLeafHashes(serviceRole: string): new () => MigrationInterface {
  return class AddLeafHashes implements MigrationInterface {
    readonly name = 'AddLeafHashes1700000003000';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        CREATE TABLE tlog.leaf_hash (
          log_id integer NOT NULL,
          hash bytea NOT NULL CHECK (octet_length(hash) = 32),
          idx bigint NOT NULL,
          PRIMARY KEY (log_id, hash)
        )`);
      await protectInsertOnly(runner, 'tlog', 'leaf_hash', serviceRole);
      await runner.query(`
        CREATE FUNCTION tlog.locate_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM tlog.log WHERE id = NEW.log_id AND kind = 'ct') THEN
            INSERT INTO tlog.leaf_hash (log_id, hash, idx)
            SELECT NEW.log_id, substring(NEW.leaf_hashes FROM i * 32 + 1 FOR 32), NEW.first_index + i
            FROM generate_series(0, NEW.n - 1) AS i;
          END IF;
          RETURN NULL;
        END $$`);
      // Locks out writers until this is committed: every chunk is either found below or seen by the trigger.
      await runner.query(
        `CREATE TRIGGER leaves_located AFTER INSERT ON tlog.chunk FOR EACH ROW EXECUTE FUNCTION tlog.locate_leaves()`,
      );
      await runner.query(`
        INSERT INTO tlog.leaf_hash (log_id, hash, idx)
        SELECT c.log_id, substring(c.leaf_hashes FROM i * 32 + 1 FOR 32), c.first_index + i
        FROM tlog.chunk AS c JOIN tlog.log AS l ON l.id = c.log_id AND l.kind = 'ct'
        CROSS JOIN LATERAL generate_series(0, c.n - 1) AS i`);
    }

    /** There is no way back: a log that could be dropped by a tool is not a log. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the transparency log is not taken down'));
    }
  };
}

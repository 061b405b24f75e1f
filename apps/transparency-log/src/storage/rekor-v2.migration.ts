import { protectInsertOnly, quoteIdentifier } from '@sigstead/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kinds of logs there can be. */
const KINDS = `'rekor-v1', 'rekor-v2', 'ct'`;

/**
 * - `log`: of the kind rekor-v2, too.
 * - `checkpoint`: the notes that witnesses have cosigned, one per size. Insert-only.
 * - `freeze`: when a log was frozen, which its last checkpoint says. Insert-only, and by the owner only.
 */
export function addRekorV2(serviceRole: string): new () => MigrationInterface {
  return class AddRekorV2 implements MigrationInterface {
    readonly name = 'AddRekorV21700000002000';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        ALTER TABLE tlog.log DROP CONSTRAINT log_kind_check,
          ADD CONSTRAINT log_kind_check CHECK (kind IN (${KINDS}))`);
      await runner.query(`
        CREATE TABLE tlog.checkpoint (
          log_id integer NOT NULL REFERENCES tlog.log,
          size bigint NOT NULL CHECK (size >= 0),
          note text NOT NULL,
          PRIMARY KEY (log_id, size)
        )`);
      await runner.query(`
        CREATE TABLE tlog.freeze (
          log_id integer PRIMARY KEY REFERENCES tlog.log,
          at_ms bigint NOT NULL
        )`);
      for (const table of ['checkpoint', 'freeze']) {
        await protectInsertOnly(runner, 'tlog', table, serviceRole);
      }
      await runner.query(`REVOKE INSERT ON tlog.freeze FROM ${quoteIdentifier(serviceRole)}`);
    }

    /** There is no way back: a log that could be dropped by a tool is not a log. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the transparency log is not taken down'));
    }
  };
}

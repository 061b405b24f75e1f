import { grantSchema, protectInsertOnly, quoteIdentifier } from '@sigstead/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables whose rows are never changed once written. */
export const INSERT_ONLY_TABLES = ['chunk', 'tile', 'ident', 'search_key', 'tree_head', 'issuer'] as const;

/**
 * The log's tables. `serviceRole` gets SELECT and INSERT, and UPDATE on nothing but the growing columns of `log`.
 *
 * - `log`: one row per log, the only serialisation point and the only row that changes. `frontier` holds the roots of the perfect
 *   subtrees, largest first.
 * - `chunk`: entries of one batch inside one 256-aligned range: `entries` is n lengths of 4 bytes, big-endian, then the n entries;
 *   `leaf_hashes` is 32 bytes each.
 * - `tile`: full tiles of 256 hashes of the nodes at level 8 * `level`, with the root over them. A partial tile is a prefix of
 *   what comes from the chunks (level 0) or the roots one level below, and is stored nowhere.
 * - `ident`: what makes an entry the same entry (32 bytes), for deduplication and for lookup by hash.
 * - `tree_head`: every committed size with its root; the primary key admits one root per size.
 * - `issuer`: certificates that entries of CT logs refer to by their SHA-256.
 */
export function createSchema(serviceRole: string): new () => MigrationInterface {
  return class CreateTransparencyLog implements MigrationInterface {
    readonly name = 'CreateTransparencyLog1700000000000';

    async up(runner: QueryRunner): Promise<void> {
      await createTables(runner);
      await grantSchema(runner, 'tlog', serviceRole);
      for (const table of INSERT_ONLY_TABLES) await protectInsertOnly(runner, 'tlog', table, serviceRole);
      await guardLogRow(runner);
      const role = quoteIdentifier(serviceRole);
      await runner.query(`REVOKE ALL ON tlog.log FROM PUBLIC, ${role}`);
      await runner.query(`GRANT SELECT, INSERT ON tlog.log TO ${role}`);
      await runner.query(`GRANT UPDATE (size, root, frontier, last_timestamp_ms) ON tlog.log TO ${role}`);
    }

    /** There is no way back: a log that could be dropped by a tool is not a log. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the transparency log is not taken down'));
    }
  };
}

async function createTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE tlog.log (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('rekor-v1', 'ct')),
      name text NOT NULL UNIQUE,
      origin text NOT NULL UNIQUE,
      tree_id bigint CHECK ((tree_id IS NOT NULL) = (kind = 'rekor-v1')),
      key_id bytea NOT NULL CHECK (octet_length(key_id) = 32),
      state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'frozen')),
      size bigint NOT NULL CHECK (size >= 0),
      root bytea NOT NULL CHECK (octet_length(root) = 32),
      frontier bytea NOT NULL CHECK (octet_length(frontier) % 32 = 0),
      last_timestamp_ms bigint NOT NULL
    )`);
  await runner.query(`
    CREATE TABLE tlog.chunk (
      log_id integer NOT NULL REFERENCES tlog.log,
      first_index bigint NOT NULL CHECK (first_index >= 0),
      n integer NOT NULL CHECK (n BETWEEN 1 AND 256),
      timestamp_ms bigint NOT NULL,
      entries bytea NOT NULL,
      leaf_hashes bytea NOT NULL CHECK (octet_length(leaf_hashes) = 32 * n),
      PRIMARY KEY (log_id, first_index),
      CHECK (first_index / 256 = (first_index + n - 1) / 256)
    )`);
  await runner.query(`
    CREATE TABLE tlog.tile (
      log_id integer NOT NULL REFERENCES tlog.log,
      level integer NOT NULL CHECK (level BETWEEN 0 AND 7),
      n bigint NOT NULL CHECK (n >= 0),
      data bytea NOT NULL CHECK (octet_length(data) = 8192),
      root bytea NOT NULL CHECK (octet_length(root) = 32),
      PRIMARY KEY (log_id, level, n)
    )`);
  await runner.query(`
    CREATE TABLE tlog.ident (
      log_id integer NOT NULL,
      identity bytea NOT NULL CHECK (octet_length(identity) = 32),
      idx bigint NOT NULL,
      PRIMARY KEY (log_id, identity)
    )`);
  await runner.query(`
    CREATE TABLE tlog.search_key (
      log_id integer NOT NULL,
      key text COLLATE "C" NOT NULL,
      idx bigint NOT NULL,
      PRIMARY KEY (log_id, key, idx)
    )`);
  await runner.query(`
    CREATE TABLE tlog.tree_head (
      log_id integer NOT NULL REFERENCES tlog.log,
      size bigint NOT NULL CHECK (size > 0),
      root bytea NOT NULL CHECK (octet_length(root) = 32),
      timestamp_ms bigint NOT NULL,
      PRIMARY KEY (log_id, size)
    )`);
  await runner.query(`
    CREATE TABLE tlog.issuer (
      sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
      der bytea NOT NULL
    )`);
  // Base64 and certificates hardly compress, and slices of an uncompressed value are read without the rest of it.
  await runner.query(
    `ALTER TABLE tlog.chunk ALTER entries SET STORAGE EXTERNAL, ALTER leaf_hashes SET STORAGE EXTERNAL`,
  );
  await runner.query(`ALTER TABLE tlog.tile ALTER data SET STORAGE EXTERNAL`);
}

/** A log grows and does nothing else; rows of `log` are never removed. */
async function guardLogRow(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION tlog.refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (NEW.id, NEW.kind, NEW.name, NEW.origin, NEW.tree_id, NEW.key_id)
         IS DISTINCT FROM (OLD.id, OLD.kind, OLD.name, OLD.origin, OLD.tree_id, OLD.key_id)
         OR NEW.size < OLD.size OR NEW.last_timestamp_ms < OLD.last_timestamp_ms
         OR (NEW.size = OLD.size AND NEW.root <> OLD.root) THEN
        RAISE EXCEPTION 'log % may only grow', OLD.name USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$`);
  await runner.query(`
    CREATE TRIGGER only_grows BEFORE UPDATE ON tlog.log FOR EACH ROW EXECUTE FUNCTION tlog.refuse_shrinking()`);
  await runner.query(`
    CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON tlog.log FOR EACH STATEMENT EXECUTE FUNCTION tlog.refuse_change()`);
}

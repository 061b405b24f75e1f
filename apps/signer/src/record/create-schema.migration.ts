import { grantSchema, protectInsertOnly, quoteIdentifier } from '@sigstead/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SCHEMA = 'signer';

/**
 * The tables of the signer.
 *
 * - `request`: who asked for what, written before anything is signed. Inserted and read.
 * - `outcome`: what became of it, one row for each signature or failure. Inserted and read. A request without outcomes is one that the
 *   service did not live to finish: its artifacts may be signed or not, and the log knows.
 * - `idempotency`: what was answered to a request with a key, for as long as the key is known. The one table that is changed and cleared.
 */
export function createSchema(serviceRole: string): new () => MigrationInterface {
  return class CreateSigner implements MigrationInterface {
    readonly name = 'CreateSigner1700000000000';

    async up(runner: QueryRunner): Promise<void> {
      await createTables(runner);
      await grantSchema(runner, SCHEMA, serviceRole);
      await protectInsertOnly(runner, SCHEMA, 'request', serviceRole);
      await protectInsertOnly(runner, SCHEMA, 'outcome', serviceRole);
      await runner.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ${SCHEMA}.idempotency TO ${quoteIdentifier(serviceRole)}`,
      );
    }

    /** There is no way back: a record that could be dropped by a tool is no record. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the signer is not taken down'));
    }
  };
}

async function createTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE ${SCHEMA}.request (
      id uuid PRIMARY KEY,
      at timestamptz NOT NULL,
      route text NOT NULL,
      identity_type text NOT NULL,
      identity text NOT NULL,
      issuer text NOT NULL,
      certificate_serial bytea NOT NULL,
      idempotency_key text,
      artifacts jsonb NOT NULL
    )`);
  await runner.query(`CREATE INDEX request_identity ON ${SCHEMA}.request (identity, at)`);
  await runner.query(`
    CREATE TABLE ${SCHEMA}.outcome (
      request_id uuid NOT NULL REFERENCES ${SCHEMA}.request,
      number integer NOT NULL,
      at timestamptz NOT NULL,
      position integer NOT NULL,
      artifact text NOT NULL,
      digest text,
      form text,
      predicate_type text,
      outcome text NOT NULL CHECK (outcome IN ('signed', 'failed')),
      step text,
      reason text,
      log_id bytea,
      log_index bigint,
      stored_as text,
      PRIMARY KEY (request_id, number),
      CHECK (outcome = 'failed' OR num_nonnulls(digest, form, log_id, log_index) = 4)
    )`);
  await runner.query(`CREATE INDEX outcome_digest ON ${SCHEMA}.outcome (digest)`);
  await runner.query(`CREATE INDEX outcome_log_index ON ${SCHEMA}.outcome (log_index)`);
  await runner.query(`
    CREATE TABLE ${SCHEMA}.idempotency (
      owner bytea NOT NULL CHECK (octet_length(owner) = 32),
      key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
      fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
      holder uuid NOT NULL,
      held_until timestamptz NOT NULL,
      answers text NOT NULL,
      done boolean NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (owner, key)
    )`);
  await runner.query(`CREATE INDEX idempotency_expiry ON ${SCHEMA}.idempotency (expires_at)`);
}

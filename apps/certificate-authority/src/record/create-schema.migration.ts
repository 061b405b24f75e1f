import { grantSchema, protectInsertOnly, quoteIdentifier } from '@sigstead/postgres';
import { MAX_REVOCATIONS } from '@sigstead/revocation';
import { CRL_REASONS } from '@sigstead/x509';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SCHEMA = 'certificate_authority';

/** Both never change a row once it is written. */
export const INSERT_ONLY_TABLES = ['certificate', 'revocation'] as const;

/**
 * The tables of the certificate authority.
 *
 * - `certificate`: every certificate that was issued. The service inserts and reads.
 * - `revocation`: what no longer counts, and from when. The revoker, a person's role, inserts and reads; the service only reads, so that
 *   a stolen service can neither revoke what others sign nor hide that it was revoked. `sequence` is without gaps and in the order
 *   of commits. `target_hash` is the SHA-256 of the target's canonical JSON: equal for equal targets, whatever their length.
 */
export function createSchema(serviceRole: string, revokerRole: string): new () => MigrationInterface {
  return class CreateCertificateAuthority implements MigrationInterface {
    readonly name = 'CreateCertificateAuthority1700000000000';

    async up(runner: QueryRunner): Promise<void> {
      await createTables(runner);
      await grantSchema(runner, SCHEMA, serviceRole);
      await grantSchema(runner, SCHEMA, revokerRole);
      await protectInsertOnly(runner, SCHEMA, 'certificate', serviceRole);
      await protectInsertOnly(runner, SCHEMA, 'revocation', revokerRole);
      await runner.query(`GRANT SELECT ON ${SCHEMA}.certificate TO ${quoteIdentifier(revokerRole)}`);
      await runner.query(`GRANT SELECT ON ${SCHEMA}.revocation TO ${quoteIdentifier(serviceRole)}`);
    }

    /** There is no way back: a record that could be dropped by a tool is no record. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the certificate authority is not taken down'));
    }
  };
}

async function createTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE ${SCHEMA}.certificate (
      serial_number bytea PRIMARY KEY CHECK (octet_length(serial_number) BETWEEN 1 AND 20),
      authority_key_id bytea NOT NULL CHECK (octet_length(authority_key_id) = 32),
      identity_type text NOT NULL CHECK (identity_type IN ('uri', 'email', 'otherName')),
      identity text NOT NULL,
      issuer text NOT NULL,
      subject text,
      key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
      key_type text NOT NULL,
      not_before timestamptz NOT NULL,
      not_after timestamptz NOT NULL,
      log_id bytea NOT NULL CHECK (octet_length(log_id) = 32),
      sct_timestamp_ms bigint NOT NULL,
      der bytea NOT NULL
    )`);
  const reasons = Object.keys(CRL_REASONS).map((reason) => `'${reason}'`);
  await runner.query(`
    CREATE TABLE ${SCHEMA}.revocation (
      sequence bigint PRIMARY KEY CHECK (sequence BETWEEN 1 AND ${MAX_REVOCATIONS}),
      target_hash bytea NOT NULL CHECK (octet_length(target_hash) = 32),
      kind text NOT NULL,
      serial_number bytea CHECK (octet_length(serial_number) BETWEEN 1 AND 20),
      authority_key_id bytea CHECK (octet_length(authority_key_id) = 32),
      key_hash bytea CHECK (octet_length(key_hash) = 32),
      identity text,
      issuer text,
      effective_from timestamptz NOT NULL,
      reason text NOT NULL CHECK (reason IN (${reasons.join(', ')})),
      comment text NOT NULL,
      revoked_by text NOT NULL,
      revoked_at timestamptz NOT NULL CHECK (revoked_at >= effective_from),
      CHECK (CASE kind
        WHEN 'serial' THEN num_nonnulls(serial_number, authority_key_id) = 2 AND num_nonnulls(key_hash, identity, issuer) = 0
        WHEN 'key' THEN key_hash IS NOT NULL AND num_nonnulls(serial_number, authority_key_id, identity, issuer) = 0
        WHEN 'identity' THEN identity IS NOT NULL AND num_nonnulls(serial_number, authority_key_id, key_hash) = 0
        WHEN 'authority' THEN authority_key_id IS NOT NULL AND num_nonnulls(serial_number, key_hash, identity, issuer) = 0
        ELSE false END)
    )`);
  await runner.query(`CREATE INDEX revocation_target ON ${SCHEMA}.revocation (target_hash, effective_from)`);
}

import { grantSchema, protectInsertOnly } from '@sigstead/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SCHEMA = 'verifier';

/** None ever changes a row once it is written. */
export const INSERT_ONLY_TABLES = ['policy_version', 'policy_binding_version'] as const;

/**
 * The tables of the verifier. A policy, and what binds policies to a namespace, is the row with the highest version; to take it away
 * is one more version, without content. What was in force at any time, and by whose hand, stays to be read.
 */
export function createSchema(serviceRole: string): new () => MigrationInterface {
  return class CreateVerifier implements MigrationInterface {
    readonly name = 'CreateVerifier1700000000000';

    async up(runner: QueryRunner): Promise<void> {
      await createTables(runner);
      await grantSchema(runner, SCHEMA, serviceRole);
      for (const table of INSERT_ONLY_TABLES) await protectInsertOnly(runner, SCHEMA, table, serviceRole);
    }

    /** There is no way back: a history that could be dropped by a tool is no history. */
    down(): Promise<void> {
      return Promise.reject(new Error('the schema of the verifier is not taken down'));
    }
  };
}

async function createTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE ${SCHEMA}.policy_version (
      name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 63),
      version integer NOT NULL CHECK (version >= 1),
      document text CHECK (octet_length(document) <= 262144),
      author text NOT NULL CHECK (octet_length(author) BETWEEN 1 AND 64),
      recorded_at timestamptz NOT NULL,
      PRIMARY KEY (name, version)
    )`);
  await runner.query(`
    CREATE TABLE ${SCHEMA}.policy_binding_version (
      namespace text NOT NULL CHECK (octet_length(namespace) BETWEEN 1 AND 63),
      version integer NOT NULL CHECK (version >= 1),
      policies text[] CHECK (cardinality(policies) <= 16),
      author text NOT NULL CHECK (octet_length(author) BETWEEN 1 AND 64),
      recorded_at timestamptz NOT NULL,
      PRIMARY KEY (namespace, version)
    )`);
}

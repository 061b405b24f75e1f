import { runMigrations } from '@sigstead/postgres';
import { createSchema } from './create-schema.migration.ts';

export interface MigrateVerifierOptions {
  /** Connects as the role that is to own the tables. */
  readonly url: string;
  /** Existing role the service connects as: adds versions and reads. */
  readonly serviceRole: string;
}

/**
 * Brings the schema `verifier` up to date and tells the names of the migrations that were applied.
 *
 * @throws PostgresError UNREACHABLE, MIGRATION
 */
export function migrateVerifier({ url, serviceRole }: MigrateVerifierOptions): Promise<string[]> {
  return runMigrations({ url, schema: 'verifier', migrations: [createSchema(serviceRole)] });
}

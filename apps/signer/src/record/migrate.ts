import { runMigrations } from '@sigstead/postgres';
import { createSchema } from './create-schema.migration.ts';

export interface MigrateSignerOptions {
  /** Connects as the role that is to own the tables. */
  readonly url: string;
  /** Existing role the service connects as. */
  readonly serviceRole: string;
}

/**
 * Brings the schema `signer` up to date and tells the names of the migrations that were applied.
 *
 * @throws PostgresError UNREACHABLE, MIGRATION
 */
export function migrateSigner({ url, serviceRole }: MigrateSignerOptions): Promise<string[]> {
  return runMigrations({ url, schema: 'signer', migrations: [createSchema(serviceRole)] });
}

import { runMigrations } from '@sigstead/postgres';
import { addAttestations } from './attestations.migration.ts';
import { createSchema } from './create-schema.migration.ts';
import { addLeafHashes } from './leaf-hashes.migration.ts';
import { addRekorV2 } from './rekor-v2.migration.ts';

export interface MigrateTransparencyLogOptions {
  /** Connects as the role that is to own the tables. */
  readonly url: string;
  /** Existing role the service connects as; it gets the right to read and to append. */
  readonly serviceRole: string;
}

/**
 * Brings the schema `tlog` up to date and tells the names of the migrations that were applied.
 *
 * @throws PostgresError UNREACHABLE, MIGRATION, ADMINISTRATION
 */
export function migrateTransparencyLog(options: MigrateTransparencyLogOptions): Promise<string[]> {
  return runMigrations({
    url: options.url,
    schema: 'tlog',
    migrations: [
      createSchema(options.serviceRole),
      addAttestations(options.serviceRole),
      addRekorV2(options.serviceRole),
      addLeafHashes(options.serviceRole),
    ],
  });
}

import { ensureDatabase, ensureLoginRole } from '@sigstead/postgres';
import type { Preparation } from '../migration-config.ts';

/**
 * Makes what the migration needs to be there: the owner of the schema, the role of the service, the database. May be repeated;
 * passwords become those that are given.
 *
 * @throws PostgresError UNREACHABLE, ADMINISTRATION
 */
export async function prepareDatabase({ adminUrl, owner, service, database }: Preparation): Promise<void> {
  await ensureLoginRole(adminUrl, owner);
  await ensureLoginRole(adminUrl, service);
  await ensureDatabase(adminUrl, database, owner.name);
}

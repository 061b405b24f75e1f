import { ensureDatabase, ensureLoginRole, type LoginRole } from './administration.ts';

/** Roles and database, for a superuser to make. */
export interface Preparation {
  readonly adminUrl: string;
  readonly owner: LoginRole;
  readonly service: LoginRole;
  readonly database: string;
}

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

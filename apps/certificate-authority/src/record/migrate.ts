import { PostgresError, runMigrations } from '@sigstead/postgres';
import { createSchema } from './create-schema.migration.ts';

export interface MigrateCertificateAuthorityOptions {
  /** Connects as the role that is to own the tables. */
  readonly url: string;
  /** Existing role the service connects as: records certificates, reads revocations. */
  readonly serviceRole: string;
  /** Existing role operators revoke as: records revocations, reads certificates. Another one than the service's. */
  readonly revokerRole: string;
}

/**
 * Brings the schema `certificate_authority` up to date and tells the names of the migrations that were applied.
 *
 * @throws PostgresError UNREACHABLE, MIGRATION, ADMINISTRATION
 */
export async function migrateCertificateAuthority(
  options: MigrateCertificateAuthorityOptions,
): Promise<string[]> {
  const { url, serviceRole, revokerRole } = options;
  if (serviceRole === revokerRole)
    throw new PostgresError('ADMINISTRATION', 'the service and the revoker need a role each');
  const migrations = [createSchema(serviceRole, revokerRole)];
  return runMigrations({ url, schema: 'certificate_authority', migrations });
}

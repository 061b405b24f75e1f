import {
  migrationVariables,
  passwordOf,
  readMigrationConfig,
  reportFault,
  type LoginRole,
  type MigrationConfig,
} from '@sigstead/postgres';
import { setting } from '@sigstead/server';
import { z } from 'zod';

export interface AuthorityMigrationConfig extends MigrationConfig {
  readonly revokerRole: string;
  /** To be made with the others; undefined when somebody else sees to it. */
  readonly revoker: LoginRole | undefined;
}

/** The environment of the one-shot migration: that of every service's, and the role operators revoke as. */
export const migrationEnvironmentSchema = migrationVariables
  .extend({
    /** Without ADMIN_DATABASE_URL it exists already. */
    REVOKER_ROLE: z.string().min(1),
    REVOKER_ROLE_PASSWORD_FILE: setting.file().optional(),
  })
  .transform((environment, context): AuthorityMigrationConfig => {
    const config = readMigrationConfig(environment, context);
    const { REVOKER_ROLE: revokerRole } = environment;
    if (revokerRole === config.serviceRole)
      reportFault(context, 'REVOKER_ROLE', 'must be another role than SERVICE_ROLE');
    if (environment.ADMIN_DATABASE_URL === undefined) {
      if (environment.REVOKER_ROLE_PASSWORD_FILE !== undefined)
        reportFault(context, 'REVOKER_ROLE_PASSWORD_FILE', 'is of use only with ADMIN_DATABASE_URL');
      return { ...config, revokerRole, revoker: undefined };
    }
    const password = passwordOf(environment, 'REVOKER_ROLE_PASSWORD_FILE', context);
    // Absent only after a fault that was reported.
    return { ...config, revokerRole, revoker: { name: revokerRole, password: password ?? '' } };
  });

import { setting } from '@sigstead/server';
import { z } from 'zod';
import type { LoginRole } from './administration.ts';
import { databaseUrlOf, parseDatabaseUrl, passwordOf, reportFault } from './database-settings.ts';
import type { Preparation } from './prepare-database.ts';

/** What a one-shot migration is to do. */
export interface MigrationConfig {
  /** Connects as the owner of the schema. */
  readonly databaseUrl: string;
  readonly serviceRole: string;
  /** What has to be made before; undefined when somebody else sees to it. */
  readonly preparation: Preparation | undefined;
}

/** The environment of a one-shot migration; services with further roles extend it. */
export const migrationVariables = z.object({
  /** postgres://owner:password@host/database, or without the password, which is then in the file. */
  MIGRATION_DATABASE_URL: z.string().min(1),
  MIGRATION_DATABASE_PASSWORD_FILE: setting.file().optional(),
  /** Role of the service. Without ADMIN_DATABASE_URL it exists already. */
  SERVICE_ROLE: z.string().min(1),
  SERVICE_ROLE_PASSWORD_FILE: setting.file().optional(),
  /** Connects as a superuser, who makes the roles and the database first. */
  ADMIN_DATABASE_URL: z.string().min(1).optional(),
  ADMIN_DATABASE_PASSWORD_FILE: setting.file().optional(),
});

type Environment = z.output<typeof migrationVariables>;

/** For migrations of a service with one role. */
export const migrationEnvironmentSchema = migrationVariables.transform(readMigrationConfig);

/** Puts the variables together; faults are reported to the context, the result is then of no use. */
export function readMigrationConfig(environment: Environment, context: z.RefinementCtx): MigrationConfig {
  const databaseUrl = databaseUrlOf(environment, 'MIGRATION_DATABASE', context);
  const preparation = preparationOf(environment, databaseUrl, context);
  return { databaseUrl, serviceRole: environment.SERVICE_ROLE, preparation };
}

function preparationOf(
  environment: Environment,
  databaseUrl: string,
  context: z.RefinementCtx,
): Preparation | undefined {
  if (environment.ADMIN_DATABASE_URL === undefined) {
    for (const name of ['ADMIN_DATABASE_PASSWORD_FILE', 'SERVICE_ROLE_PASSWORD_FILE'] as const) {
      if (environment[name] !== undefined)
        reportFault(context, name, 'is of use only with ADMIN_DATABASE_URL');
    }
    return undefined;
  }
  const adminUrl = databaseUrlOf(environment, 'ADMIN_DATABASE', context);
  const password = passwordOf(environment, 'SERVICE_ROLE_PASSWORD_FILE', context);
  // Empty only after a fault that was reported.
  if (databaseUrl === '' || password === undefined) return undefined;
  const owner = parseDatabaseUrl(databaseUrl);
  if (owner === undefined || owner.role === '' || owner.password === '' || owner.database === '') {
    reportFault(
      context,
      'MIGRATION_DATABASE_URL',
      'must name role, password (or MIGRATION_DATABASE_PASSWORD_FILE) and database for ADMIN_DATABASE_URL to make them',
    );
    return undefined;
  }
  const service: LoginRole = { name: environment.SERVICE_ROLE, password };
  return {
    adminUrl,
    owner: { name: owner.role, password: owner.password },
    service,
    database: owner.database,
  };
}

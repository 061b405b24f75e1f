import type { LoginRole } from '@sigstead/postgres';
import { setting } from '@sigstead/server';
import { z } from 'zod';
import { databaseUrlOf, parseDatabaseUrl, passwordOf, reportFault } from './database-settings.ts';

/** What the one-shot migration is to do. */
export interface MigrationConfig {
  /** Connects as the owner of the schema. */
  readonly databaseUrl: string;
  readonly serviceRole: string;
  /** What has to be made before; undefined when somebody else sees to it. */
  readonly preparation: Preparation | undefined;
}

/** Roles and database, for a superuser to make. */
export interface Preparation {
  readonly adminUrl: string;
  readonly owner: LoginRole;
  readonly service: LoginRole;
  readonly database: string;
}

const variables = z.object({
  /** postgres://owner:password@host/database, or without the password, which is then in the file. */
  MIGRATION_DATABASE_URL: z.string().min(1),
  MIGRATION_DATABASE_PASSWORD_FILE: setting.file().optional(),
  /** Role of the service. Without ADMIN_DATABASE_URL it exists already. */
  SERVICE_ROLE: z.string().min(1),
  SERVICE_ROLE_PASSWORD_FILE: setting.file().optional(),
  /** Connects as a superuser, who makes both roles and the database first. */
  ADMIN_DATABASE_URL: z.string().min(1).optional(),
  ADMIN_DATABASE_PASSWORD_FILE: setting.file().optional(),
});

/** The environment of the one-shot migration. */
export const migrationEnvironmentSchema = variables.transform((environment, context): MigrationConfig => {
  const databaseUrl = databaseUrlOf(environment, 'MIGRATION_DATABASE', context);
  const preparation = preparationOf(environment, databaseUrl, context);
  return { databaseUrl, serviceRole: environment.SERVICE_ROLE, preparation };
});

function preparationOf(
  environment: z.output<typeof variables>,
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
  return {
    adminUrl,
    owner: { name: owner.role, password: owner.password },
    service: { name: environment.SERVICE_ROLE, password },
    database: owner.database,
  };
}

import { ConfigError, createLog, readConfig } from '@sigstead/server';
import { migrationEnvironmentSchema } from './config.ts';
import { migrateTransparencyLog } from './storage/migrate.ts';

const log = createLog('transparency-log-migrate');
try {
  const { MIGRATION_DATABASE_URL, SERVICE_ROLE } = readConfig(migrationEnvironmentSchema, process.env);
  const applied = await migrateTransparencyLog({ url: MIGRATION_DATABASE_URL, serviceRole: SERVICE_ROLE });
  log.info('the schema is up to date', { applied });
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`transparency-log-migrate: ${error.message}\n`);
  else log.error('the migration failed', { error });
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}

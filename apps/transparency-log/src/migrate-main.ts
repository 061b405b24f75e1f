import { ConfigError, createLog, readConfig } from '@sigstead/server';
import { migrationEnvironmentSchema } from './migration-config.ts';
import { migrateTransparencyLog } from './storage/migrate.ts';
import { prepareDatabase } from './storage/prepare-database.ts';

const log = createLog('transparency-log-migrate');
try {
  const { databaseUrl, serviceRole, preparation } = readConfig(migrationEnvironmentSchema, process.env);
  if (preparation !== undefined) {
    await prepareDatabase(preparation);
    log.info('roles and database are there', { database: preparation.database });
  }
  const applied = await migrateTransparencyLog({ url: databaseUrl, serviceRole });
  log.info('the schema is up to date', { applied });
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`transparency-log-migrate: ${error.message}\n`);
  else log.error('the migration failed', { error });
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}

import { migrationEnvironmentSchema, prepareDatabase, runMigrationStep } from '@sigstead/postgres';
import { readConfig } from '@sigstead/server';
import { migrateVerifier } from './policies/migrate.ts';

await runMigrationStep('verifier-migrate', async (log) => {
  const { databaseUrl, serviceRole, preparation } = readConfig(migrationEnvironmentSchema, process.env);
  if (preparation !== undefined) {
    await prepareDatabase(preparation);
    log.info('roles and database are there', { database: preparation.database });
  }
  log.info('the schema is up to date', { applied: await migrateVerifier({ url: databaseUrl, serviceRole }) });
});

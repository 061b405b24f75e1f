import { migrationEnvironmentSchema, prepareDatabase, runMigrationStep } from '@sigstead/postgres';
import { readConfig } from '@sigstead/server';
import { migrateSigner } from './record/migrate.ts';

await runMigrationStep('signer-migrate', async (log) => {
  const { databaseUrl, serviceRole, preparation } = readConfig(migrationEnvironmentSchema, process.env);
  if (preparation !== undefined) {
    await prepareDatabase(preparation);
    log.info('roles and database are there', { database: preparation.database });
  }
  const applied = await migrateSigner({ url: databaseUrl, serviceRole });
  log.info('the schema is up to date', { applied });
});

import { ensureLoginRole, prepareDatabase, runMigrationStep } from '@sigstead/postgres';
import { readConfig } from '@sigstead/server';
import { migrateCertificateAuthority } from './record/migrate.ts';
import { migrationEnvironmentSchema } from './record/migration-config.ts';

await runMigrationStep('certificate-authority-migrate', async (log) => {
  const config = readConfig(migrationEnvironmentSchema, process.env);
  const { databaseUrl, serviceRole, revokerRole, preparation, revoker } = config;
  if (preparation !== undefined && revoker !== undefined) {
    await prepareDatabase(preparation);
    await ensureLoginRole(preparation.adminUrl, revoker);
    log.info('roles and database are there', { database: preparation.database });
  }
  const applied = await migrateCertificateAuthority({ url: databaseUrl, serviceRole, revokerRole });
  log.info('the schema is up to date', { applied });
});

export { ensureDatabase, ensureLoginRole, withCredentials, type LoginRole } from './administration.ts';
export { databaseUrlOf, passwordOf, reportFault } from './database-settings.ts';
export { PostgresError, sqlStateOf, type PostgresErrorCode } from './errors.ts';
export { quoteIdentifier } from './identifier.ts';
export { runMigrations, type MigrateOptions } from './migrate.ts';
export {
  migrationEnvironmentSchema,
  migrationVariables,
  readMigrationConfig,
  type MigrationConfig,
} from './migration-settings.ts';
export { connect, createPool, type ConnectionOptions, type PoolOptions } from './pool.ts';
export { prepareDatabase, type Preparation } from './prepare-database.ts';
export { grantSchema, protectInsertOnly, type StatementRunner } from './protection.ts';
export { runMigrationStep } from './run-migration.ts';
export { runTransaction, withTransaction, type Connection } from './transaction.ts';

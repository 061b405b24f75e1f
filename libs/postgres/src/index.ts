export { ensureDatabase, ensureLoginRole, withCredentials, type LoginRole } from './administration.ts';
export { PostgresError, sqlStateOf, type PostgresErrorCode } from './errors.ts';
export { quoteIdentifier } from './identifier.ts';
export { runMigrations, type MigrateOptions } from './migrate.ts';
export { connect, createPool, type ConnectionOptions, type PoolOptions } from './pool.ts';
export { grantSchema, protectInsertOnly, type StatementRunner } from './protection.ts';
export { runTransaction, withTransaction, type Connection } from './transaction.ts';

export { PostgresError, type PostgresErrorCode } from './errors.ts';
export { claimDirectory } from './owner.ts';
export { removeCluster } from './placement.ts';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './start-postgres.ts';

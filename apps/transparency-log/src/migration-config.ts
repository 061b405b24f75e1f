export { migrationEnvironmentSchema, type MigrationConfig } from '@sigstead/postgres';

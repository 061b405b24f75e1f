export { environmentSchema, logsFileSchema, type LogSettings, type TransparencyLogConfig } from './config.ts';
export { createTransparencyLog, type TransparencyLogDependencies } from './create-transparency-log.ts';
export { LogError, type LogErrorCode } from './errors.ts';
export { migrateTransparencyLog, type MigrateTransparencyLogOptions } from './storage/migrate.ts';

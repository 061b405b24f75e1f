import { ConfigError, createLog, type Log } from '@sigstead/server';

/**
 * Body of a service's `migrate-main.ts`. Settings that cannot be used end it with 78 (EX_CONFIG) and their reasons, any other
 * failure with 1.
 */
export async function runMigrationStep(name: string, step: (log: Log) => Promise<void>): Promise<void> {
  const log = createLog(name);
  try {
    await step(log);
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${name}: ${error.message}\n`);
    else log.error('the migration failed', { error });
    process.exitCode = error instanceof ConfigError ? 78 : 1;
  }
}

import type { Logger, MigrationInterface } from 'typeorm';
import { PostgresError } from './errors.ts';
import { quoteIdentifier } from './identifier.ts';
import { connect } from './pool.ts';

export interface MigrateOptions {
  /** Connects as the role that is to own the schema; never the role of the service. */
  readonly url: string;
  /** Created when absent; holds the record of applied migrations as well. */
  readonly schema: string;
  /** In order. Each class carries a `name` ending in a 13-digit timestamp. */
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/**
 * Applies what is missing, each migration in its own transaction, and tells the names of what was applied.
 * Two runs at once wait for each other; a run that dies leaves its last finished migration and no lock.
 *
 * @throws PostgresError UNREACHABLE, MIGRATION
 */
export async function runMigrations(options: MigrateOptions): Promise<string[]> {
  const guard = await connect({
    url: options.url,
    applicationName: 'sigstead-migrate',
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 110_000,
  });
  try {
    // The lock belongs to this session, so it goes with the process.
    await guard.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [
      `sigstead migrate ${options.schema}`,
    ]);
    await guard.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(options.schema)}`);
    return await applyMigrations(options);
  } catch (cause) {
    if (cause instanceof PostgresError) throw cause;
    throw new PostgresError('MIGRATION', `migrating schema ${options.schema} failed: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    await guard.end();
  }
}

/** TypeORM prints failures of migrations to stdout whatever `logging` says; the caller has them in the error. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

async function applyMigrations(options: MigrateOptions): Promise<string[]> {
  // Loaded only here: a service that migrates nothing starts a quarter of a second earlier.
  await import('reflect-metadata');
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    applicationName: 'sigstead-migrate',
    migrations: [...options.migrations],
    migrationsTableName: 'migration',
    installExtensions: false,
    logging: false,
    logger: SILENT,
  });
  await source.initialize();
  try {
    const applied = await source.runMigrations({ transaction: 'each' });
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown error';
}

import { createPool } from '@sigstead/postgres';
import {
  createLog,
  createRegistry,
  createService,
  rekorErrors,
  textErrors,
  type Face,
  type Log,
  type Service,
} from '@sigstead/server';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import { AppModule } from './app.module.ts';
import { readLogsFile, type TransparencyLogConfig } from './config.ts';
import { openDatabase } from './engine/database.ts';
import type { RunningLog } from './engine/hosted-log.ts';
import { explain } from './explain.ts';
import { LogMetrics } from './metrics.ts';
import { openLogs } from './open-logs.ts';

export interface TransparencyLogDependencies {
  readonly clock: () => Date;
  readonly log?: Log;
  /** One of its own unless given. */
  readonly registry?: Registry;
}

const APPLICATION = 'sigstead-transparency-log';
/** Two per sequencer at work, the rest for reads. */
const POOL_SIZE = 12;

/**
 * The transparency log as a service that is not listening yet.
 *
 * @throws LogError CONFIGURATION for settings, keys and logs that do not fit each other; UNAVAILABLE without a database
 */
export async function createTransparencyLog(
  config: TransparencyLogConfig,
  dependencies: TransparencyLogDependencies,
): Promise<Service> {
  const log = dependencies.log ?? createLog('transparency-log');
  const registry = dependencies.registry ?? createRegistry();
  const connection = { url: config.databaseUrl, applicationName: APPLICATION };
  const pool = createPool({
    ...connection,
    max: POOL_SIZE,
    onIdleError: (error) => log.warn('an idle database connection was lost', { error }),
  });
  try {
    const logs = await openLogs(readLogsFile(config.logsFile), {
      database: openDatabase(pool, connection),
      anchorDirectory: config.anchorDirectory,
      clock: dependencies.clock,
      metrics: new LogMetrics(registry, log),
      maxBodyBytes: config.maxBodyBytes,
    });
    return await createService({
      name: 'transparency-log',
      module: AppModule.of(logs),
      faces: facesOf(config.maxBodyBytes),
      explain,
      checks: checksOf(pool, logs.hosted),
      log,
      registry,
      onClose: async () => {
        // Every answer is out by now; what is still in a batch belongs to clients that went away, and is finished all the same.
        await Promise.all(logs.hosted.map(({ sequencer }) => sequencer.close()));
        await pool.end();
      },
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** Public APIs all: web pages that search or verify read them from any origin. */
function facesOf(bodyLimit: number): Face[] {
  return [
    { prefix: '/api/v1/log', errors: rekorErrors, bodyLimit, mediaTypes: ['application/json'], cors: true },
    { prefix: '/ping', errors: rekorErrors, bodyLimit, cors: true },
    { prefix: '/ctlog', errors: textErrors, bodyLimit, cors: true },
    { prefix: '/ct/v1', errors: textErrors, bodyLimit, cors: true },
  ];
}

/** Keys are loaded before the service exists; what can fail later is the database and the agreement with the anchor. */
function checksOf(pool: Pool, logs: readonly RunningLog[]): Record<string, () => Promise<string>> {
  return {
    database: async () => {
      await pool.query('SELECT 1');
      return 'reachable';
    },
    keys: () => Promise.resolve(`${logs.length} loaded`),
    ...Object.fromEntries(
      logs.map(({ identity, publication }) => [
        `anchor ${identity.name}`,
        async () => `${(await publication.check()).size} entries published`,
      ]),
    ),
  };
}

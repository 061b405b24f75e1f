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
import { AdmissionPool } from './admission/admission-pool.ts';
import { AppModule } from './app.module.ts';
import type { CtLog } from './ct/ct-log.ts';
import { readLogsFile, type TransparencyLogConfig } from './config.ts';
import { openDatabase } from './engine/database.ts';
import type { RunningLog } from './engine/hosted-log.ts';
import { LogError } from './errors.ts';
import { explain } from './explain.ts';
import { LogMetrics } from './metrics.ts';
import { openLogs, type LogSurroundings } from './open-logs.ts';
import { admitInThread, type EntryAdmission } from './rekor/entry-admission.ts';
import { rekorV2Errors } from './rekor-v2/errors.ts';
import { MAX_REKOR_V2_BODY } from './rekor-v2/open-rekor-v2.ts';
import { watchShards } from './watch-shards.ts';
import { openWitnesses } from './witness/open-witnesses.ts';
import { WitnessMetrics } from './witness/witness-metrics.ts';
import type { Witnesses } from './witness/witnesses.ts';

export interface TransparencyLogDependencies {
  readonly clock: () => Date;
  readonly log?: Log;
  /** One of its own unless given. */
  readonly registry?: Registry;
  /** Arguments of Node for threads that check entries; those of this process unless told. */
  readonly threadArguments?: readonly string[];
}

const APPLICATION = 'sigstead-transparency-log';
/** A chain of ten large certificates, in base64. */
const MAX_CHAIN_BYTES = 512 * 1024;
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
  const witnesses = startWitnesses(registry, log);
  const threads = startAdmission(config.admissionThreads, dependencies.threadArguments, log);
  try {
    const surroundings: LogSurroundings = {
      database: openDatabase(pool, connection),
      anchors: config.anchors,
      clock: dependencies.clock,
      metrics: new LogMetrics(registry, log),
      maxBodyBytes: config.maxBodyBytes,
      admission: threads.admission,
      witnessesOf: witnesses.of,
    };
    const logs = await openLogs(readLogsFile(config.logsFile), surroundings);
    const hosted = [...logs.hosted];
    const isOver = (opened: RunningLog): boolean => watch.isOver(opened);
    const checks = checksOf(pool, hosted, isOver);
    for (const face of logs.ct) watchRoots(face, log);
    const watch = watchShards(config.logsFile, logs, surroundings, {
      opened: (opened) => {
        hosted.push(opened);
        Object.assign(checks, anchorCheck(opened, isOver));
        log.info('another shard takes the entries', { log: opened.identity.name });
      },
      failed: (error) => log.warn('the list of logs cannot be taken up', { error }),
    });
    return await createService({
      name: 'transparency-log',
      module: AppModule.of(logs),
      faces: facesOf(config.maxBodyBytes),
      explain,
      checks,
      log,
      registry,
      onClose: async () => {
        // Every answer is out by now; what is still in a batch belongs to clients that went away, and is finished all the same.
        await watch.close();
        for (const { roots } of logs.ct) roots.close();
        await threads.close();
        await Promise.all(hosted.map(({ sequencer }) => sequencer.close()));
        witnesses.close();
        await pool.end();
      },
    });
  } catch (error) {
    await threads.close();
    witnesses.close();
    await pool.end();
    throw error;
  }
}

interface Admission {
  readonly admission: EntryAdmission;
  close(): Promise<void>;
}

/** Where entries are checked. Threads start when a log asks for them: a process with nothing to check has none. */
function startAdmission(
  threads: number | undefined,
  execArgv: readonly string[] | undefined,
  log: Log,
): Admission {
  if (threads === 0) return { admission: admitInThread, close: () => Promise.resolve() };
  let pool: AdmissionPool | undefined;
  return {
    admission: (settings) => {
      pool ??= new AdmissionPool({
        onThreadError: (error) => log.error('a thread that checks entries failed', { error }),
        ...(threads === undefined ? {} : { threads }),
        ...(execArgv === undefined ? {} : { execArgv }),
      });
      return pool.admitterOf(settings);
    },
    close: async () => pool?.close(),
  };
}

interface WitnessesOfLogs {
  readonly of: LogSurroundings['witnessesOf'];
  close(): void;
}

function startWitnesses(registry: Registry, log: Log): WitnessesOfLogs {
  const metrics = new WitnessMetrics(registry, log);
  const opened: Witnesses[] = [];
  return {
    of: (name, settings) => {
      const witnesses = openWitnesses(name, settings, metrics.observerOf(name));
      opened.push(witnesses);
      return witnesses;
    },
    close: () => {
      for (const witnesses of opened) witnesses.close();
    },
  };
}

/** Public APIs all: web pages that search or verify read them from any origin. */
function facesOf(bodyLimit: number): Face[] {
  const chainLimit = Math.min(bodyLimit, MAX_CHAIN_BYTES);
  const rekorV2 = {
    errors: rekorV2Errors,
    bodyLimit: Math.min(bodyLimit, MAX_REKOR_V2_BODY),
    methodNotAllowed: 501,
    cors: true,
  } as const;
  return [
    { prefix: '/api/v1/log', errors: rekorErrors, bodyLimit, mediaTypes: ['application/json'], cors: true },
    { prefix: '/api/v1/index', errors: rekorErrors, bodyLimit, mediaTypes: ['application/json'], cors: true },
    { prefix: '/api/v2', ...rekorV2 },
    { prefix: '/shards', ...rekorV2 },
    { prefix: '/checkpoint', errors: textErrors, bodyLimit: 0, cors: true },
    { prefix: '/tile', errors: textErrors, bodyLimit: 0, cors: true },
    { prefix: '/ping', errors: rekorErrors, bodyLimit, cors: true },
    { prefix: '/ctlog', errors: textErrors, bodyLimit: chainLimit, cors: true },
    { prefix: '/ct/v1', errors: textErrors, bodyLimit: chainLimit, cors: true },
  ];
}

/** Keys are loaded before the service exists; what can fail later is the database and the agreement with the anchor. */
function checksOf(
  pool: Pool,
  logs: readonly RunningLog[],
  isOver: (log: RunningLog) => boolean,
): Record<string, () => Promise<string>> {
  return {
    database: async () => {
      await pool.query('SELECT 1');
      return 'reachable';
    },
    keys: () => Promise.resolve(`${logs.length} loaded`),
    ...Object.assign({}, ...logs.map((log) => anchorCheck(log, isOver))),
  };
}

/** A shard that is shut and that another one follows is what rotating leaves of a restored database: the process is fit without it. */
function anchorCheck(
  log: RunningLog,
  isOver: (log: RunningLog) => boolean,
): Record<string, () => Promise<string>> {
  const { identity, publication, state } = log;
  return {
    [`anchor ${identity.name}`]: async () => {
      const frozen = (await state()) === 'frozen' ? 'frozen, ' : '';
      try {
        return `${frozen}${(await publication.check()).size} entries published`;
      } catch (error) {
        if (isOver(log) && error instanceof LogError && error.code === 'REFUSED')
          return `${frozen}${error.message}`;
        throw error;
      }
    },
  };
}

function watchRoots({ shard, roots }: CtLog, log: Log): void {
  roots.watch({
    replaced: ({ certificates }) => log.info('other roots count', { shard, roots: certificates.length }),
    failed: (error) => log.warn('the roots stay as they are: the file cannot be taken up', { shard, error }),
  });
}

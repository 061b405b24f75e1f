import { createPool } from '@sigstead/postgres';
import { createLog, createRegistry, readConfig } from '@sigstead/server';
import { Command } from 'commander';
import { environmentSchema, readLogsFile } from '../config.ts';
import { messageOf } from '../errors.ts';
import { LogMetrics } from '../metrics.ts';
import { openShard } from '../open-logs.ts';
import { openDatabase } from '../engine/database.ts';
import { fill } from './fill.ts';
import { entryMaker } from './made-entries.ts';

/** What is put in here is in the log for good. */
const HOST = 'localhost';

const options = new Command('transparency-log-fill')
  .description(
    `Fills the active rekor-v1 log of host ${HOST} with made entries, past every check, for measuring. Reads the service’s variables. Prints JSON lines; the last has the percentiles.`,
  )
  .requiredOption('--entries <n>', 'appended at most', Number)
  .option('--seconds <n>', 'spent appending at most', Number, Infinity)
  .option('--warm-up <n>', 'appended before and not counted', Number, 0)
  .option('--in-flight <n>', 'submissions waiting at once', Number, 1024)
  .parse()
  .opts<{ entries: number; seconds: number; warmUp: number; inFlight: number }>();

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const clock = () => new Date();

try {
  const { service } = readConfig(environmentSchema, process.env);
  const settings = readLogsFile(service.logsFile)
    .filter((log) => log.kind === 'rekor-v1')
    .at(-1);
  if (settings?.host !== HOST) throw new Error(`only a rekor-v1 log of host ${HOST} is filled`);
  const connection = { url: service.databaseUrl, applicationName: 'sigstead-fill' };
  const pool = createPool(connection);
  try {
    const { log } = await openShard(settings, {
      ...service,
      database: openDatabase(pool, connection),
      clock,
      metrics: new LogMetrics(createRegistry(), createLog('transparency-log-fill')),
    });
    const make = await entryMaker(clock());
    print(await fill({ ...options, sequencer: log.sequencer, make, onProgress: print }));
    await log.sequencer.close();
  } finally {
    await pool.end();
  }
} catch (error) {
  process.stderr.write(`transparency-log-fill: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

import { concatBytes, decodeHex, encodeHex } from '@sigstead/encoding';
import { EMPTY_ROOT } from '@sigstead/merkle';
import { createPool } from '@sigstead/postgres';
import { createLog, createRegistry } from '@sigstead/server';
import { encodeEntryBundle } from '@sigstead/tiles';
import { issuerPath, parseDataTileEntry } from '@sigstead/tlog';
import { readLogsFile, type LogSettings, type TransparencyLogConfig } from '../config.ts';
import { ctLogName } from '../ct/open-ct.ts';
import { openDatabase } from '../engine/database.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import { available, type LogReader } from '../engine/log-reader.ts';
import { LogError } from '../errors.ts';
import { LogMetrics } from '../metrics.ts';
import { openCtLog, openRekorV2Shard, type LogSurroundings } from '../open-logs.ts';
import { rekorV2LogName } from '../rekor-v2/open-rekor-v2.ts';
import { readTreeHead } from '../storage/log-rows.ts';
import { openWitnesses } from '../witness/open-witnesses.ts';
import { WitnessMetrics } from '../witness/witness-metrics.ts';
import type { ExportSource } from './export-log.ts';

export interface OpenedSource {
  readonly source: ExportSource;
  close(): Promise<void>;
}

const APPLICATION = 'sigstead-log-export';
/** One per resource that is written at once, as far as that goes. */
const POOL_SIZE = 8;

/**
 * A log of LOGS_FILE, opened as another replica that takes no entries: its checkpoint is the one the service shows, with the same
 * signatures and under the same anchor.
 *
 * @param name `rekor-v2-<origin>` or `ct-<shard>`
 * @throws LogError CONFIGURATION when there is no such log or it has no tiles; UNAVAILABLE
 */
export async function openExportSource(
  config: TransparencyLogConfig,
  name: string,
  clock: () => Date,
): Promise<OpenedSource> {
  const settings = readLogsFile(config.logsFile).find((each) => nameOf(each) === name);
  if (settings === undefined)
    throw new LogError(
      'CONFIGURATION',
      `there is no log ${JSON.stringify(name)} with tiles in the list of logs`,
    );
  const connection = { url: config.databaseUrl, applicationName: APPLICATION };
  const pool = createPool({ ...connection, max: POOL_SIZE });
  const log = createLog('transparency-log-export');
  const registry = createRegistry();
  const witnessMetrics = new WitnessMetrics(registry, log);
  const opened: { close(): unknown }[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened) await each.close();
    await pool.end();
  };
  try {
    const { log: hosted, ...ofKind } = await openOfKind(settings, {
      database: openDatabase(pool, connection),
      anchors: config.anchors,
      clock,
      metrics: new LogMetrics(registry, log),
      maxBodyBytes: config.maxBodyBytes,
      witnessesOf: (logName, witnessSettings) => {
        const witnesses = openWitnesses(logName, witnessSettings, witnessMetrics.observerOf(logName));
        opened.push(witnesses);
        return witnesses;
      },
    });
    opened.push(hosted.sequencer);
    const rootAt = (size: bigint): Promise<Uint8Array | undefined> =>
      size === 0n ? Promise.resolve(EMPTY_ROOT) : available(readTreeHead(pool, hosted.logId, size));
    return { source: { origin: hosted.identity.origin, reader: hosted.reader, rootAt, ...ofKind }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function nameOf(settings: LogSettings): string | undefined {
  switch (settings.kind) {
    case 'rekor-v2':
      return rekorV2LogName(settings.origin);
    case 'ct':
      return ctLogName(settings.shard);
    case 'rekor-v1':
      return undefined;
  }
}

interface SourceOfKind extends Pick<ExportSource, 'format' | 'checkpoint' | 'references'> {
  readonly log: Pick<HostedLog<unknown>, 'identity' | 'logId' | 'reader'> & {
    readonly sequencer: { close(): Promise<void> };
  };
}

async function openOfKind(settings: LogSettings, surroundings: LogSurroundings): Promise<SourceOfKind> {
  switch (settings.kind) {
    case 'rekor-v2': {
      const { log, shard } = await openRekorV2Shard(settings, surroundings);
      return {
        log,
        format: { level: 'entries', encode: encodeEntryBundle },
        checkpoint: () => shard.checkpoint(),
        references: () => Promise.resolve(new Map()),
      };
    }
    case 'ct': {
      const { log, face } = await openCtLog(settings, surroundings);
      return {
        log,
        format: { level: 'data', encode: (entries) => concatBytes(...entries) },
        checkpoint: () => face.heads.checkpoint(),
        references: (entries) => issuersOf(log.reader, entries),
      };
    }
    case 'rekor-v1':
      throw new LogError('CONFIGURATION', 'a rekor-v1 log has no tiles');
  }
}

async function issuersOf(
  reader: LogReader,
  entries: readonly Uint8Array[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const fingerprints = entries.flatMap((entry) => parseDataTileEntry(entry).chainFingerprints);
  const unique = [...new Set(fingerprints.map(encodeHex))].map(decodeHex);
  const issuers = await reader.issuers(unique);
  return new Map(
    unique.map((fingerprint) => {
      const der = issuers.get(encodeHex(fingerprint));
      if (der === undefined)
        throw new LogError('STORAGE', `issuer ${encodeHex(fingerprint)} is referred to and not stored`);
      return [issuerPath(fingerprint), der];
    }),
  );
}

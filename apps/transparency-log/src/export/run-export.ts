import { passwordOf, reportFault } from '@sigstead/postgres';
import { readConfig, setting } from '@sigstead/server';
import { z } from 'zod';
import type { S3Settings } from '../anchor/s3-anchor.ts';
import { environmentSchema } from '../config.ts';
import { LogError } from '../errors.ts';
import { BucketTarget } from './bucket-target.ts';
import { DirectoryTarget } from './directory-target.ts';
import { exportLog, type ExportReport } from './export-log.ts';
import type { ExportTarget } from './export-target.ts';
import { openExportSource } from './open-export-source.ts';

export interface ExportCommandOptions {
  /** Exactly one of these two. */
  readonly directory?: string;
  readonly bucket?: string;
  /** Decimal. */
  readonly workers: string;
}

const bucketEnvironment = z
  .object({
    EXPORT_BUCKET_REGION: z.string().min(1).default('us-east-1'),
    EXPORT_BUCKET_ACCESS_KEY_ID: z.string().min(1).optional(),
    EXPORT_BUCKET_SECRET_FILE: setting.file().optional(),
  })
  .transform((environment, context): Omit<S3Settings, 'url'> => {
    const accessKeyId = environment.EXPORT_BUCKET_ACCESS_KEY_ID;
    if (accessKeyId === undefined) reportFault(context, 'EXPORT_BUCKET_ACCESS_KEY_ID', 'is missing');
    return {
      region: environment.EXPORT_BUCKET_REGION,
      accessKeyId: accessKeyId ?? '',
      secretAccessKey: passwordOf(environment, 'EXPORT_BUCKET_SECRET_FILE', context) ?? '',
    };
  });

const MAX_WORKERS = 64;
const PROGRESS_EVERY_MS = 5_000;

/**
 * Exports one log as an operator asks for it.
 *
 * @param note told every few seconds how far it is
 * @throws ConfigError for the environment; LogError
 */
export async function runExport(
  name: string,
  options: ExportCommandOptions,
  environment: NodeJS.ProcessEnv,
  note: (line: string) => void,
): Promise<ExportReport> {
  const workers = workersOf(options.workers);
  const { service } = readConfig(environmentSchema, environment);
  const target = await openTarget(options, environment);
  try {
    const opened = await openExportSource(service, name, () => new Date());
    try {
      return await exportLog(opened.source, target, { workers, onProgress: everyFewSeconds(note) });
    } finally {
      await opened.close();
    }
  } finally {
    await target.close();
  }
}

async function openTarget(
  { directory, bucket }: ExportCommandOptions,
  environment: NodeJS.ProcessEnv,
): Promise<ExportTarget> {
  if ((directory === undefined) === (bucket === undefined))
    throw new LogError('CONFIGURATION', 'either --directory or --bucket says where to export to');
  if (directory !== undefined) return DirectoryTarget.open(directory);
  const url = z.url({ protocol: /^https?$/ }).safeParse(bucket);
  if (!url.success) throw new LogError('CONFIGURATION', '--bucket is no URL of http or https');
  return new BucketTarget({ url: url.data, ...readConfig(bucketEnvironment, environment) });
}

function workersOf(text: string): number {
  const workers = Number(text);
  if (!/^[0-9]{1,2}$/.test(text) || workers < 1 || workers > MAX_WORKERS)
    throw new LogError('CONFIGURATION', `--workers is ${JSON.stringify(text)}, want 1 to ${MAX_WORKERS}`);
  return workers;
}

function everyFewSeconds(note: (line: string) => void): (report: ExportReport) => void {
  let toldAt = performance.now();
  return ({ size, written, found }) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    note(`${written} resources written and ${found} found, of those of ${size} entries`);
  };
}

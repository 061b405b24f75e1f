import type { Instance } from '@sigstead/instance';
import { start } from '@sigstead/instance';
import { connect, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = 'apps/transparency-log/dist/testonly/fill-main.js';
/** Has the rights of the service's role, whose password is the instance's own business. */
const ROLE = { name: 'sigstead_benchmark', password: randomBytes(16).toString('hex') };
const SERVICE_ROLE = 'sigstead_log';

export interface FillProgress {
  /** Appended so far. */
  readonly entries: number;
  /** Wall clock of the appending alone. */
  readonly seconds: number;
  /** Processor time of the engine's process meanwhile. */
  readonly processorMs: number;
}

export interface FillReport extends FillProgress {
  /** Of one submission, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
}

export interface FillOptions {
  /** Appended before anything counts. */
  readonly warmUp?: number;
  readonly entries: number;
  readonly seconds?: number;
  /** Submissions waiting at once; enough for full batches unless told. */
  readonly inFlight?: number;
}

/** Appends made entries to the Rekor log of an instance, in a process of the engine alone; the log may be served meanwhile. */
export async function fill(
  instance: Instance,
  { warmUp = 0, entries, seconds, inFlight }: FillOptions,
  onProgress: (progress: FillProgress) => void = () => undefined,
): Promise<FillReport> {
  const program = start(
    [
      process.execPath,
      PROGRAM,
      `--warm-up=${warmUp}`,
      `--entries=${entries}`,
      ...(seconds === undefined ? [] : [`--seconds=${seconds}`]),
      ...(inFlight === undefined ? [] : [`--in-flight=${inFlight}`]),
    ],
    {
      DATABASE_URL: await databaseUrl(instance),
      LOGS_FILE: join(instance.directory, 'transparency-log/logs.json'),
      ANCHOR_DIRECTORY: join(instance.directory, 'anchor'),
    },
  );
  const closed = once(program.process, 'close');
  const lines = createInterface({ input: program.process.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    const report = JSON.parse(line) as FillProgress;
    if (!('p50' in report)) onProgress(report);
  });
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`${PROGRAM} ended with ${code}: ${program.stderr()}`);
  return JSON.parse(program.stdout().trimEnd().split('\n').at(-1) as string) as FillReport;
}

async function databaseUrl(instance: Instance): Promise<string> {
  await ensureLoginRole(instance.postgres.url, ROLE);
  await runSql(instance.postgres.url, `GRANT ${SERVICE_ROLE} TO ${ROLE.name}`);
  return withCredentials(instance.ownerDatabaseUrl, { role: ROLE });
}

/** On a connection of its own. Maintenance of a large table takes as long as it takes. */
export async function runSql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = await connect({ url, applicationName: 'benchmark', statementTimeoutMs: 600_000 });
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

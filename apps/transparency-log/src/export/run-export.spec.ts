import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleFormat } from '@sigstead/tiles';
import { noteVerifierOf } from '@sigstead/tlog';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { filesOf, verifyServed } from '../testonly/exported-log.ts';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';
import { SOURCE_ARGUMENTS } from '../testonly/service.ts';
import { runExport } from './run-export.ts';

const NAME = `rekor-v2-${ORIGIN}`;
const stage = new RekorV2Stage();

beforeAll(async () => {
  await stage.start();
  for (const name of ['a', 'b', 'c']) await stage.create(await hashedRekordRequest(name));
}, 60_000);

afterAll(() => stage.stop());

const environment = (): Record<string, string> => ({
  DATABASE_URL: stage.database.serviceUrl,
  LOGS_FILE: stage.logsFile,
  ANCHOR_DIRECTORY: stage.anchorDirectory,
});

/** The command as an operator runs it. */
async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = join(import.meta.dirname, '../logs-main.ts');
  const child = spawn(process.execPath, [...SOURCE_ARGUMENTS, main, ...args], {
    env: { PATH: process.env['PATH'], ...environment() },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

describe('transparency-log-logs export', () => {
  it('exports a log while its service runs, as the service role', async () => {
    const directory = join(stage.directory, 'export');
    expect(await command('export', NAME, '--directory', directory)).toEqual({
      code: 0,
      stdout: `exported ${NAME} from 0 to 3 entries: 2 written, 0 found\n`,
      stderr: '',
    });
    const key = noteVerifierOf(ORIGIN, stage.keyOf(ORIGIN));
    expect(await verifyServed(filesOf(directory), key, bundleFormat())).toEqual({
      size: 3n,
      discrepancies: [],
    });
  }, 60_000);

  it('ends with 1 and a reason for a log that is not there', async () => {
    const ended = await command(
      'export',
      'rekor-v2-nowhere',
      '--directory',
      join(stage.directory, 'nowhere'),
    );
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no log "rekor-v2-nowhere"/),
    });
  }, 60_000);
});

describe('runExport', () => {
  const run = (options: Record<string, string>, extra: Record<string, string> = {}) =>
    runExport(NAME, { workers: '2', ...options }, { ...environment(), ...extra }, () => undefined);

  it.each<[string, Record<string, string>, RegExp]>([
    ['no place', {}, /either --directory or --bucket/],
    ['two places', { directory: 'exported', bucket: 'http://localhost/b' }, /either --directory or --bucket/],
    ['a bucket that is no URL', { bucket: 'my-bucket' }, /--bucket is no URL/],
    ['a bucket of another protocol', { bucket: 's3://my-bucket' }, /--bucket is no URL/],
    ['a bucket without its key', { bucket: 'http://127.0.0.1:1/b' }, /EXPORT_BUCKET_ACCESS_KEY_ID/],
    ['no workers', { directory: 'exported', workers: '0' }, /--workers is "0", want 1 to 64/],
    ['workers that are no number', { directory: 'exported', workers: 'many' }, /--workers is "many"/],
  ])('refuses %s', async (_what, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });
});

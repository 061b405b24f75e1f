import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { createCtLog, rotateCtLog } from './ct-lifecycle.ts';
import { listLogs, type LifecycleContext } from './lifecycle.ts';

let postgres: TestPostgres;
let directory: string;
let context: LifecycleContext;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-lifecycle-'));
  await writeFile(join(directory, 'passphrase'), 'correct horse\n');
  context = {
    ownerUrl: (await postgres.createDatabase()).ownerUrl,
    logsFile: join(directory, 'logs.json'),
    anchorOf: (name) => FileAnchor.open(join(directory, 'anchors', name)),
    clock: () => new Date(),
  };
}, 60_000);

afterEach(() => rm(directory, { recursive: true, force: true }));

const options = (shard: string, file = `${shard}.pem`) => ({
  shard,
  keyFile: join(directory, file),
  passphraseFile: join(directory, 'passphrase'),
  rootsFile: join(directory, 'roots.pem'),
});

async function readLogs(): Promise<unknown> {
  return JSON.parse(await readFile(context.logsFile, 'utf8'));
}

const made = (shard: string, keyFile = `${shard}.pem`) => ({
  kind: 'ct',
  shard,
  origin: `localhost/ctlog/${shard}`,
  keyFile,
  passphraseFile: 'passphrase',
  rootsFile: 'roots.pem',
});

describe('createCtLog', () => {
  it('makes any number of logs that take certificates, the last of them active', async () => {
    await createCtLog(context, options('2026'));
    await createCtLog(context, options('2027'));
    expect(await readLogs()).toEqual([made('2026'), made('2027')]);
    expect((await listLogs(context)).map(({ name, state }) => [name, state])).toEqual([
      ['ct-2026', 'active'],
      ['ct-2027', 'active'],
    ]);
  });

  it('refuses a shard that is there, and a key that another one has', async () => {
    await createCtLog(context, options('2026'));
    await expect(createCtLog(context, options('2026'))).rejects.toMatchObject({ message: /already/ });
    await expect(createCtLog(context, options('2027', '2026.pem'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: /log ct-2026 has this key already/,
    });
  });

  it('refuses a name that is no path segment, and writes no list', async () => {
    await expect(createCtLog(context, options('../2026', 'x.pem'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
    });
    await expect(readFile(context.logsFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('rotateCtLog', () => {
  it('freezes the log and makes the next with a key of its own and the same rules', async () => {
    await createCtLog(context, { ...options('2026'), origin: 'ct.example/2026' });
    expect(await rotateCtLog(context, { shard: '2027' })).toEqual({
      frozen: 'ct-2026',
      size: 0n,
      active: 'ct-2027',
    });
    expect(await readLogs()).toEqual([
      { ...made('2026'), origin: 'ct.example/2026' },
      { ...made('2027', 'ct-2027.pem'), origin: 'ct.example/2027' },
    ]);
    expect((await listLogs(context)).map(({ state }) => state)).toEqual(['frozen', 'active']);
  });

  it('refuses without a log, and to a shard that is there', async () => {
    await expect(rotateCtLog(context, { shard: '2027' })).rejects.toMatchObject({ message: /no CT log/ });
    await createCtLog(context, options('2026'));
    await expect(rotateCtLog(context, { shard: '2026' })).rejects.toMatchObject({ message: /already/ });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { auditLog } from '../testonly/audit.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import {
  install,
  SOURCE_ARGUMENTS,
  startService,
  TREE_ID,
  type Installation,
  type RunningService,
} from '../testonly/service.ts';

type Entry = {
  logIndex: number;
  logID: string;
  verification: { inclusionProof: { logIndex: number; treeSize: number } };
};

let postgres: TestPostgres;
let database: TestDatabase;
let installation: Installation;
let running: RunningService[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  installation = await install(await makeAuthority());
});

afterEach(async () => {
  for (const { service } of running) await service.close();
  running = [];
  await installation.remove();
});

async function start(): Promise<RunningService> {
  const service = await startService(installation, database.serviceUrl);
  running.push(service);
  return service;
}

/** The command as an operator runs it. */
async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = join(import.meta.dirname, '../logs-main.ts');
  const child = spawn(process.execPath, [...SOURCE_ARGUMENTS, main, ...args], {
    env: {
      PATH: process.env['PATH'],
      MIGRATION_DATABASE_URL: database.ownerUrl,
      LOGS_FILE: installation.logsFile,
      ANCHOR_DIRECTORY: installation.anchorDirectory,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

async function post(to: RunningService, artifact: string): Promise<Response> {
  return fetch(`${to.url}/api/v1/log/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await hashedRekord(artifact)),
  });
}

async function entryOf(response: Response): Promise<Entry> {
  expect(response.status).toBeLessThan(300);
  return Object.values((await response.json()) as Record<string, Entry>)[0] as Entry;
}

async function info(
  of: RunningService,
): Promise<{ treeID: string; treeSize: number; inactiveShards: unknown }> {
  return (await (await fetch(`${of.url}/api/v1/log`)).json()) as never;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

describe('create', () => {
  it('makes key, row and place in LOGS_FILE, and a service serves the log', async () => {
    await rm(installation.logsFile);
    const files = ['new.pem', 'passphrase'].map((name) => join(installation.directory, name)) as [
      string,
      string,
    ];
    const options = ['--host', 'log.example.com', '--key-file', files[0], '--passphrase-file', files[1]];
    const created = await command('create', ...options, '--tree-id', '7');
    expect(created).toMatchObject({ code: 0, stdout: 'created rekor-v1-7\n' });
    expect(JSON.parse(await readFile(installation.logsFile, 'utf8'))).toEqual([
      {
        kind: 'rekor-v1',
        treeId: '7',
        host: 'log.example.com',
        keyFile: 'new.pem',
        passphraseFile: 'passphrase',
      },
    ]);
    const service = await start();
    expect((await post(service, 'a')).status).toBe(201);
    expect((await command('list')).stdout).toBe('rekor-v1-7\tactive\t1\tlog.example.com - 7\n');
  }, 60_000);

  it('refuses a second one', async () => {
    const again = await command('create', '--host', 'x', '--key-file', 'k', '--passphrase-file', 'p');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/rotate it/) as unknown });
  }, 60_000);
});

describe('the commands of the other kinds', () => {
  it('make and rotate a rekor-v2 log', async () => {
    const files = ['--key-file', join(installation.directory, 'v2.pem')];
    const passphrase = ['--passphrase-file', join(installation.directory, 'passphrase')];
    const origin = ['--origin', 'log2026-1.example.com'];
    expect(
      await command('create-rekor-v2', ...origin, ...files, ...passphrase, '--key-type', 'Ed25519'),
    ).toMatchObject({
      code: 0,
      stdout: 'created rekor-v2-log2026-1.example.com\n',
    });
    expect(await command('rotate-rekor-v2', '--origin', 'next.example.com')).toMatchObject({
      code: 0,
      stdout: 'frozen rekor-v2-log2026-1.example.com at 0 entries\ncreated rekor-v2-next.example.com\n',
    });
    const typo = await command('create-rekor-v2', ...origin, ...files, ...passphrase, '--key-type', 'RSA');
    expect(typo).toMatchObject({ code: 1, stderr: expect.stringMatching(/key-type/) as unknown });
  }, 90_000);

  it('make and rotate a CT log', async () => {
    const files = ['--key-file', join(installation.directory, 'ct-x.pem')];
    const passphrase = ['--passphrase-file', join(installation.directory, 'passphrase')];
    const roots = ['--roots-file', join(installation.directory, 'roots.pem')];
    expect(await command('create-ct', '--shard', 'x', ...files, ...passphrase, ...roots)).toMatchObject({
      code: 0,
      stdout: 'created ct-x\n',
    });
    expect(await command('rotate-ct', '--shard', 'y')).toMatchObject({
      code: 0,
      stdout: 'frozen ct-x at 0 entries\ncreated ct-y\n',
    });
  }, 60_000);
});

describe('freeze', () => {
  it('is noticed by running replicas: entries are refused with 503, reads go on, and /readyz says so', async () => {
    const [one, other] = [await start(), await start()];
    const { logIndex } = await entryOf(await post(one, 'a'));
    const name = `rekor-v1-${TREE_ID}`;
    expect(await command('freeze', name)).toMatchObject({ code: 0, stdout: `frozen ${name} at 1 entries\n` });
    for (const service of [one, other, await start()]) {
      const refused = await post(service, 'b');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, null]);
      expect(await refused.json()).toMatchObject({ message: expect.stringMatching(/frozen/) as unknown });
      expect((await fetch(`${service.url}/api/v1/log/entries?logIndex=${logIndex}`)).status).toBe(200);
      const ready = await fetch(`${service.url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.text()).toMatch(/frozen, 1 entries published/);
    }
  }, 60_000);

  it('of a log that does not exist fails', async () => {
    expect(await command('freeze', 'nothing')).toMatchObject({
      code: 1,
      stderr: 'transparency-log-logs: there is no log "nothing"\n',
    });
  }, 60_000);
});

describe('rotate', () => {
  it('goes unnoticed by clients that write to two running replicas, and gives no index twice', async () => {
    const [one, other] = [await start(), await start()];
    const answers: Entry[] = [];
    const statuses = new Set<number>();
    let done = false;
    const writers = [one, other, one, other].map(async (service, writer) => {
      for (let i = 0; !done; i++) {
        const answer = await post(service, `rotate ${writer} ${i}`);
        statuses.add(answer.status);
        if (answer.status === 201) answers.push(await entryOf(answer));
      }
    });
    await until(() => Promise.resolve(answers.length > 20));
    const rotated = await command('rotate', '--tree-id', '99');
    expect(rotated.stderr).toBe('');
    const length = Number(/at (\d+) entries/.exec(rotated.stdout)?.[1]);
    await until(async () => (await info(one)).treeID === '99' && (await info(other)).treeID === '99');
    const before = answers.length;
    await until(() => Promise.resolve(answers.length > before + 20));
    done = true;
    await Promise.all(writers);
    expect([...statuses]).toEqual([201]);
    expect(new Set(answers.map(({ logIndex }) => logIndex)).size).toBe(answers.length);
    const old = await auditLog(database.ownerUrl, `rekor-v1-${TREE_ID}`);
    const next = await auditLog(database.ownerUrl, 'rekor-v1-99');
    expect(old.size).toBe(length);
    expect(old.size + next.size).toBe(answers.length);
    for (const entry of answers) {
      const isOld = entry.logIndex < length;
      expect(entry.verification.inclusionProof.logIndex).toBe(
        isOld ? entry.logIndex : entry.logIndex - length,
      );
    }
    for (const service of [one, other, await start()]) {
      expect(await info(service)).toMatchObject({
        treeID: '99',
        treeSize: next.size,
        inactiveShards: [{ treeID: TREE_ID, treeSize: length }],
      });
      for (const logIndex of [0, length - 1, length]) {
        const read = await entryOf(await fetch(`${service.url}/api/v1/log/entries?logIndex=${logIndex}`));
        expect(read.logIndex).toBe(logIndex);
      }
    }
  }, 60_000);

  it('takes another key when told', async () => {
    const service = await start();
    await post(service, 'a');
    const files = ['next.pem', 'passphrase'].map((name) => join(installation.directory, name)) as [
      string,
      string,
    ];
    const rotated = await command('rotate', '--key-file', files[0], '--passphrase-file', files[1]);
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    const entry = await entryOf(await post(service, 'b'));
    expect(entry.logIndex).toBe(1);
    const { treeID } = await info(service);
    const keys = await Promise.all(
      [TREE_ID, treeID].map(async (id) =>
        (await fetch(`${service.url}/api/v1/log/publicKey?treeID=${id}`)).text(),
      ),
    );
    expect(new Set(keys).size).toBe(2);
  }, 60_000);

  it('is the way out after a restored backup: running and new replicas go on, beyond every index given out', async () => {
    const service = await start();
    for (const artifact of ['a', 'b']) await post(service, artifact);
    // What was published is more than what the database, set back in time, still has.
    const anchor = await FileAnchor.open(join(installation.anchorDirectory, `rekor-v1-${TREE_ID}`));
    await anchor.compareAndSwap((await anchor.read())?.version, { size: 9n, root: new Uint8Array(32) });
    const refused = await post(service, 'c');
    expect(refused.status).toBe(503);
    expect(await refused.text()).toMatch(/signs nothing/);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    const rotated = await command('rotate', '--tree-id', '99');
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    expect(rotated.stdout).toMatch(/at 9 entries\ncreated rekor-v1-99\n$/);
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 200);
    for (const [i, each] of [service, await start()].entries()) {
      expect((await entryOf(await post(each, `after ${i}`))).logIndex).toBe(9 + i);
      expect((await fetch(`${each.url}/api/v1/log/publicKey?treeID=${TREE_ID}`)).status).toBe(200);
      const ready = await fetch(`${each.url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.text()).toMatch(/frozen, log rekor-v1-\d+ signs nothing/);
    }
  }, 60_000);

  it('shows and searches what is left beside a shard that stays shut, and gives out nothing of it', async () => {
    const service = await start();
    await post(service, 'a');
    const anchor = await FileAnchor.open(join(installation.anchorDirectory, `rekor-v1-${TREE_ID}`));
    await anchor.compareAndSwap((await anchor.read())?.version, { size: 9n, root: new Uint8Array(32) });
    expect((await post(service, 'b')).status).toBe(503);
    expect((await command('rotate', '--tree-id', '99')).code).toBe(0);
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 200);
    const created = await post(service, 'c');
    expect(created.status).toBe(201);
    const info = await fetch(`${service.url}/api/v1/log`);
    expect(info.status).toBe(200);
    expect(await info.json()).toMatchObject({ treeID: '99', treeSize: 1, inactiveShards: null });
    const [entryId = ''] = Object.keys((await created.json()) as object);
    const byHash = await fetch(`${service.url}/api/v1/log/entries/${entryId.slice(16)}`);
    expect(byHash.status).toBe(200);
    const inShut = await fetch(`${service.url}/api/v1/log/entries?logIndex=0`);
    expect(inShut.status).toBe(503);
  }, 60_000);

  it('leaves a log as it is when LOGS_FILE cannot be read', async () => {
    const service = await start();
    await writeFile(installation.logsFile, '[');
    expect(await command('rotate')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be read/) as unknown,
    });
    expect((await post(service, 'a')).status).toBe(201);
  }, 60_000);
});

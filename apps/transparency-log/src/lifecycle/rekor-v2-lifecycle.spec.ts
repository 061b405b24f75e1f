import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import { noteVerifierOf, verifyCheckpointNote } from '@sigstead/tlog';
import { createLog, type Service } from '@sigstead/server';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { createTransparencyLog } from '../create-transparency-log.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { freezeLog, listLogs, type LifecycleContext } from './lifecycle.ts';
import { createRekorV2Log, rotateRekorV2Log } from './rekor-v2-lifecycle.ts';

const FIRST = 'log2026-1.rekor.test';
const SECOND = 'log2026-2.rekor.test';
const NOW = new Date('2026-11-03T04:05:06Z');

let postgres: TestPostgres;
let database: TestDatabase;
let directory: string;
let context: LifecycleContext;
let running: { service: Service; url: string }[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  directory = await mkdtemp(join(tmpdir(), 'sigstead-lifecycle-'));
  await writeFile(join(directory, 'passphrase'), 'correct horse\n');
  context = {
    ownerUrl: database.ownerUrl,
    logsFile: join(directory, 'logs.json'),
    anchorOf: (name) => FileAnchor.open(join(directory, 'anchors', name)),
    clock: () => NOW,
  };
}, 60_000);

afterEach(async () => {
  for (const { service } of running) await service.close();
  running = [];
  await rm(directory, { recursive: true, force: true });
});

const options = (origin: string, file = 'first.pem') => ({
  origin,
  keyFile: join(directory, file),
  passphraseFile: join(directory, 'passphrase'),
});

async function start(): Promise<string> {
  const service = await createTransparencyLog(
    {
      databaseUrl: database.serviceUrl,
      logsFile: context.logsFile,
      anchors: { directory: join(directory, 'anchors') },
      maxBodyBytes: 1 << 20,
      admissionThreads: 0,
    },
    { clock: () => new Date(), log: createLog('test', 'silent') },
  );
  const url = await service.listen(0, '127.0.0.1');
  running.push({ service, url });
  return url;
}

async function readLogs(): Promise<Record<string, unknown>[]> {
  return JSON.parse(await readFile(context.logsFile, 'utf8')) as Record<string, unknown>[];
}

async function post(url: string, artifact: string): Promise<Response> {
  const body = JSON.stringify(await hashedRekordRequest(artifact));
  return fetch(`${url}/log/entries`, { method: 'POST', body });
}

async function checkpointOf(url: string, origin: string): Promise<ReturnType<typeof verifyCheckpointNote>> {
  const settings = (await readLogs()).find((log) => log['origin'] === origin);
  const pem = await readFile(join(directory, String(settings?.['keyFile'])), 'utf8');
  const { publicKey } = PrivateKeySigner.fromPem(pem, 'correct horse');
  const note = await (await fetch(`${url}/shards/${origin}/checkpoint`)).text();
  return verifyCheckpointNote(note, noteVerifierOf(origin, publicKey));
}

const originOf = ({ inclusionProof }: TransparencyLogEntryJson): string =>
  inclusionProof.checkpoint.envelope.split('\n', 1)[0] as string;

describe('createRekorV2Log', () => {
  it('makes key, row and place in the list, and a checkpoint of size 0 is there at once', async () => {
    expect(await createRekorV2Log(context, { ...options(FIRST), keyType: 'Ed25519' })).toBe(
      `rekor-v2-${FIRST}`,
    );
    expect(await readLogs()).toEqual([
      { kind: 'rekor-v2', origin: FIRST, keyFile: 'first.pem', passphraseFile: 'passphrase' },
    ]);
    expect((await checkpointOf(await start(), FIRST)).size).toBe(0n);
  });

  it('makes no second one beside it', async () => {
    await createRekorV2Log(context, options(FIRST));
    await expect(createRekorV2Log(context, options(SECOND, 'second.pem'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: /rotate it/,
    });
  });

  it('gives no key to two logs: clients know a log by its key', async () => {
    await createRekorV2Log(context, options(FIRST));
    await expect(createRekorV2Log(context, { ...options(SECOND), standby: true })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: `log rekor-v2-${FIRST} has this key already: every rekor-v2 log needs one of its own`,
    });
  });

  it.each(['log 1', 'Log1.test', 'a..b', 'host:3000', 'host/path', 'log - 1', '', 'a+b'])(
    'refuses the origin %j, and writes no list',
    async (origin) => {
      await expect(createRekorV2Log(context, options(origin))).rejects.toMatchObject({
        code: 'CONFIGURATION',
      });
      await expect(readFile(context.logsFile)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});

describe('rotateRekorV2Log', () => {
  it('has running replicas go on with the next shard, under its own key, while the old one is frozen', async () => {
    await createRekorV2Log(context, { ...options(FIRST), keyType: 'Ed25519' });
    const [url, other] = [await start(), await start()];
    for (let i = 0; i < 3; i++) expect((await post(`${url}/api/v2`, `before ${i}`)).status).toBe(201);

    expect(await rotateRekorV2Log(context, {})).toEqual({
      frozen: `rekor-v2-${FIRST}`,
      size: 3n,
      active: `rekor-v2-${SECOND}`,
    });

    for (const replica of [url, other]) {
      const response = await post(`${replica}/api/v2`, `after at ${replica}`);
      expect(response.status).toBe(201);
      expect(originOf((await response.json()) as TransparencyLogEntryJson)).toBe(SECOND);
      expect((await post(`${replica}/shards/${FIRST}`, 'too late')).status).toBe(405);
      const frozen = await checkpointOf(replica, FIRST);
      expect(frozen).toMatchObject({ size: 3n, extensions: ['Log frozen — Tue Nov  3 04:05:06 UTC 2026'] });
      expect((await checkpointOf(replica, SECOND)).extensions).toEqual([]);
    }
    expect((await readLogs()).map((log) => log['origin'])).toEqual([FIRST, SECOND]);
  });

  it('loses no entry that comes in between', async () => {
    await createRekorV2Log(context, options(FIRST));
    const url = await start();
    let isOver = false;
    const statuses: number[] = [];
    const write = async (who: number): Promise<void> => {
      for (let i = 0; !isOver; i++) statuses.push((await post(`${url}/api/v2`, `${who} ${i}`)).status);
    };
    const writers = [0, 1, 2].map(write);
    await post(`${url}/api/v2`, 'the first');
    const { size } = await rotateRekorV2Log(context, {});
    await post(`${url}/api/v2`, 'the last');
    isOver = true;
    await Promise.all(writers);
    expect(new Set(statuses)).toEqual(new Set([201]));
    const total = (await checkpointOf(url, FIRST)).size + (await checkpointOf(url, SECOND)).size;
    expect(total).toBe(BigInt(statuses.length) + 2n);
    expect((await checkpointOf(url, FIRST)).size).toBe(size);
  });

  it('changes over to a shard that stands by, which was served before', async () => {
    await createRekorV2Log(context, options(FIRST));
    const url = await start();
    await createRekorV2Log(context, { ...options('next.test', 'next.pem'), standby: true });
    expect((await readLogs()).map((log) => log['origin'])).toEqual(['next.test', FIRST]);
    expect((await post(`${url}/api/v2`, 'still the first')).status).toBe(201);
    await postUntil(`${url}/shards/next.test`, 201);
    await rotateRekorV2Log(context, { origin: 'next.test' });
    const response = await post(`${url}/api/v2`, 'now the next');
    expect(response.status).toBe(201);
    expect(originOf((await response.json()) as TransparencyLogEntryJson)).toBe('next.test');
    expect((await readLogs()).map((log) => log['origin'])).toEqual([FIRST, 'next.test']);
  });

  it('finishes when it is run again after a crash between freezing and the list', async () => {
    await createRekorV2Log(context, options(FIRST));
    await freezeLog(context, `rekor-v2-${FIRST}`);
    await rotateRekorV2Log(context, {});
    expect((await listLogs(context)).map(({ name, state }) => [name, state])).toEqual([
      [`rekor-v2-${FIRST}`, 'frozen'],
      [`rekor-v2-${SECOND}`, 'active'],
    ]);
    expect((await post(`${await start()}/api/v2`, 'goes on')).status).toBe(201);
  });

  it('is the way out when the database has lost entries: what is left stays shut, the next shard takes over', async () => {
    await createRekorV2Log(context, options(FIRST));
    await post(`${await start()}/api/v2`, 'published');
    // As a backup from before the first entry would be.
    database = await postgres.createDatabase();
    context = { ...context, ownerUrl: database.ownerUrl };
    const url = await start();
    expect((await post(`${url}/api/v2`, 'refused')).status).toBe(503);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);

    await rotateRekorV2Log(context, {});

    for (const replica of [url, await start()]) {
      await postUntil(`${replica}/api/v2`, 201);
      expect((await fetch(`${replica}/shards/${FIRST}/checkpoint`)).status).toBe(503);
      const search = { method: 'POST', body: JSON.stringify({ hash: 'ab'.repeat(32) }) };
      expect((await fetch(`${replica}/api/v2/index/retrieve`, search)).status).toBe(200);
      expect((await fetch(`${replica}/readyz`)).status).toBe(200);
    }
  });

  it('takes up settings and kind of key, and counts anew in another year', async () => {
    await createRekorV2Log(context, { ...options('log2025-7.rekor.test'), keyType: 'Ed25519' });
    const [made] = await readLogs();
    await writeFile(context.logsFile, JSON.stringify([{ ...made, duplicates: 'conflict' }]));
    await rotateRekorV2Log(context, {});
    const [, next] = await readLogs();
    expect(next).toEqual({
      kind: 'rekor-v2',
      origin: FIRST,
      keyFile: `rekor-v2-${FIRST}.pem`,
      passphraseFile: 'passphrase',
      duplicates: 'conflict',
    });
    const pem = await readFile(join(directory, `rekor-v2-${FIRST}.pem`), 'utf8');
    expect(PrivateKeySigner.fromPem(pem, 'correct horse').publicKey.type).toBe('Ed25519');
  });

  it('refuses without a log, without an origin it could count on from, and to the active shard', async () => {
    await expect(rotateRekorV2Log(context, {})).rejects.toMatchObject({ message: /no rekor-v2 log/ });
    await createRekorV2Log(context, options('ours.test'));
    await expect(rotateRekorV2Log(context, {})).rejects.toMatchObject({ message: /must be given/ });
    await expect(rotateRekorV2Log(context, { origin: 'ours.test' })).rejects.toMatchObject({
      message: /cannot follow itself/,
    });
  });
});

/** Waits for the replica to take up the list. */
async function postUntil(url: string, status: number): Promise<void> {
  let i = 0;
  while ((await post(url, `standby ${i++}`)).status !== status);
}

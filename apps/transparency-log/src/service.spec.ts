import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { createLog } from '@sigstead/server';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileAnchor } from './anchor/file-anchor.ts';
import { createTransparencyLog } from './create-transparency-log.ts';
import { LogError } from './errors.ts';
import { explain } from './explain.ts';
import { auditLog } from './testonly/audit.ts';
import { makeAuthority, type TestAuthority } from './testonly/authority.ts';
import { hashedRekord } from './testonly/entries.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from './testonly/postgres.ts';
import {
  install,
  startService,
  TREE_ID,
  type Installation,
  type RunningService,
} from './testonly/service.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let authority: TestAuthority;
let installation: Installation;
let running: RunningService[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  authority = await makeAuthority();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  installation = await install(authority);
});

afterEach(async () => {
  for (const { service } of running) await service.close();
  running = [];
  await installation.remove();
});

async function start(clock?: () => Date): Promise<RunningService> {
  const started = await startService(installation, database.serviceUrl, clock);
  running.push(started);
  return started;
}

async function post({ url }: RunningService, artifact: string): Promise<Response> {
  return fetch(`${url}/api/v1/log/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await hashedRekord(artifact)),
  });
}

function expectConfigurationError(message: RegExp): Promise<void> {
  return expect(start()).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(message) as unknown,
  });
}

async function changeLogs(change: (logs: Record<string, unknown>[]) => unknown): Promise<void> {
  const logs = JSON.parse(await readFile(installation.logsFile, 'utf8')) as Record<string, unknown>[];
  await writeFile(installation.logsFile, JSON.stringify(change(logs)));
}

describe('the service', () => {
  it('keeps entries over a restart, and two of them serve one log', async () => {
    const first = await start();
    const created = await post(first, 'kept');
    const id = created.headers.get('etag');
    const second = await start();
    expect((await fetch(`${second.url}/api/v1/log/entries/${id}`)).status).toBe(200);
    expect((await post(second, 'second')).status).toBe(201);
    const info = (await (await fetch(`${first.url}/api/v1/log`)).json()) as { treeSize: number };
    expect(info.treeSize).toBe(2);
  });

  it('checks entries on another thread with the same answers', async () => {
    const service = await startService(installation, database.serviceUrl, () => new Date(), 1);
    const entry = await hashedRekord('on a thread');
    const send = (body: unknown): Promise<Response> =>
      fetch(`${service.url}/api/v1/log/entries`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    try {
      expect((await send(entry)).status).toBe(201);
      expect((await send(entry)).status).toBe(409);
      const refused = await send({ ...entry, spec: {} });
      expect(refused.status).toBe(400);
      const elsewhere = await start();
      const body = JSON.stringify({ ...entry, spec: {} });
      const headers = { 'content-type': 'application/json' };
      const inThread = await fetch(`${elsewhere.url}/api/v1/log/entries`, { method: 'POST', headers, body });
      expect(await refused.json()).toEqual(await inThread.json());
    } finally {
      await service.service.close();
    }
  });

  it('takes integratedTime from its clock, in whole seconds', async () => {
    const service = await start(() => new Date('2026-05-01T00:00:01.999Z'));
    const [entry] = Object.values(
      (await (await post(service, 'timed')).json()) as Record<string, { integratedTime: number }>,
    );
    expect(entry?.integratedTime).toBe(Date.parse('2026-05-01T00:00:01Z') / 1000);
  });

  it('refuses to sign when database and anchor contradict each other, and says why', async () => {
    const service = await start();
    await post(service, 'a');
    const anchor = await FileAnchor.open(join(installation.anchorDirectory, `rekor-v1-${TREE_ID}`));
    await anchor.compareAndSwap((await anchor.read())?.version, { size: 99n, root: new Uint8Array(32) });
    const refused = [
      await post(service, 'b'),
      await fetch(`${service.url}/api/v1/log`),
      await fetch(`${service.url}/api/v1/log/entries?logIndex=0`),
    ];
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        code: 503,
        message: expect.stringMatching(/signs nothing until/) as unknown,
      });
    }
    const ready = await fetch(`${service.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/99/);
    expect((await fetch(`${service.url}/api/v1/log/publicKey`)).status).toBe(200);
    // The other log of the same process goes on.
    expect((await fetch(`${service.url}/ct/v1/get-sth`)).status).toBe(200);
    const restarted = await start();
    expect((await post(restarted, 'c')).status).toBe(503);
  });

  it('drains on close: whoever got an answer got 201, and the entry is stored', async () => {
    const service = await start();
    const pending = Array.from({ length: 40 }, (_, i) => post(service, `drain ${i}`));
    await Promise.race(pending);
    await service.service.close();
    const settled = await Promise.allSettled(pending);
    // A connection that was not accepted before the close is refused; the client knows that nothing was taken.
    const answers = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const audit = await auditLog(database.ownerUrl, `rekor-v1-${TREE_ID}`);
    expect(audit.size).toBeGreaterThanOrEqual(answers.length);
  });
});

describe('errors of the engine', () => {
  it.each(['OVERLOADED', 'CLOSING', 'UNAVAILABLE'] as const)('%s is 503 with Retry-After', (code) => {
    expect(explain(new LogError(code, 'x'))).toMatchObject({
      status: 503,
      options: { headers: { 'retry-after': '1' } },
    });
  });

  it.each(['FROZEN', 'REFUSED'] as const)('%s is 503 without', (code) => {
    const problem = explain(new LogError(code, 'x'));
    expect([problem?.status, problem?.options.headers]).toEqual([503, undefined]);
  });

  it('that mean broken storage are told to nobody', () => {
    expect(explain(new LogError('STORAGE', 'x'))).toBeUndefined();
    expect(explain(new TypeError('x'))).toBeUndefined();
  });
});

describe('at start it refuses', () => {
  it('a key other than the log was made with', async () => {
    await start();
    await writeFile(
      join(installation.directory, 'rekor.pem'),
      PrivateKeySigner.generate('P-256').toEncryptedPem('correct horse'),
    );
    await expectConfigurationError(/made with the key/);
  });

  it('another host for an existing tree', async () => {
    await start();
    await changeLogs((logs) =>
      logs.map((log) => (log['kind'] === 'ct' ? log : { ...log, host: 'example.com' })),
    );
    await expectConfigurationError(/made with the origin localhost - /);
  });

  it('a wrong passphrase, and does not repeat it', async () => {
    await writeFile(join(installation.directory, 'passphrase'), 'wrong horse');
    await expectConfigurationError(/^key of log rekor-v1-\d+: (?!.*horse)/);
  });

  it('a missing key file', async () => {
    await changeLogs((logs) => logs.map((log) => ({ ...log, keyFile: 'nowhere.pem' })));
    await expectConfigurationError(/cannot be read/);
  });

  it('a key that clients cannot verify with', async () => {
    await writeFile(
      join(installation.directory, 'ct.pem'),
      PrivateKeySigner.generate('Ed25519').toEncryptedPem('correct horse'),
    );
    await expectConfigurationError(/SCTs need/);
    await writeFile(
      join(installation.directory, 'rekor.pem'),
      PrivateKeySigner.generate('P-384').toEncryptedPem('correct horse'),
    );
    await expectConfigurationError(/SHA-256 only/);
  });

  it.each<[string, (logs: Record<string, unknown>[]) => unknown, RegExp]>([
    ['an empty list', () => [], /list/],
    ['no list', () => ({}), /list/],
    [
      'two Rekor logs',
      (logs) => [logs[0], { ...logs[0], treeId: '5' }],
      /a treeLength for every rekor-v1 log but the last/,
    ],
    ['a shard twice', (logs) => [logs[1], logs[1]], /each CT shard once/],
    ['an unknown field', (logs) => [{ ...logs[0], treeld: 1 }], /treeld/],
    ['a tree ID that is no int64', (logs) => [{ ...logs[0], treeId: '9223372036854775808' }], /treeId/],
    ['a missing roots file', (logs) => [{ ...logs[1], rootsFile: 'nowhere.pem' }], /roots of log ct-2026/],
  ])('a list of logs with %s', async (_, change, message) => {
    await changeLogs(change);
    await expectConfigurationError(message);
  });

  it('a database that is not there', async () => {
    const service = createTransparencyLog(
      {
        logsFile: installation.logsFile,
        anchors: { directory: installation.anchorDirectory },
        databaseUrl: 'postgres://a:b@127.0.0.1:1/x',
        maxBodyBytes: 1000,
      },
      { clock: () => new Date(), log: createLog('test', 'silent') },
    );
    await expect(service).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('without its database', () => {
  it('the service answers 503 with Retry-After, and is not ready', async () => {
    const service = await start();
    await post(service, 'before');
    await postgres.server.stop('immediate');
    const answers = [
      await post(service, 'after'),
      await fetch(`${service.url}/api/v1/log/entries/${'ab'.repeat(32)}`),
    ];
    for (const response of answers) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.text()).not.toMatch(/ECONN|postgres|terminat/i);
    }
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { removeCluster } from './placement.ts';
import { startPostgres, type RunningPostgres } from './start-postgres.ts';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  let parent: string;
  let directory: string;
  let server: RunningPostgres;

  beforeAll(async () => {
    // Mode 0700 on purpose: as root the server's account cannot enter it.
    parent = await mkdtemp(join(tmpdir(), 'sigstead-postgres-'));
    directory = join(parent, 'cluster');
    server = await startPostgres({ directory });
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await removeCluster(directory);
    await rm(parent, { recursive: true, force: true });
  });

  it('answers queries with the password in its URL', async () => {
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses another password', async () => {
    const url = new URL(server.url);
    url.password = 'wrong';
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow(/password/);
  });

  it('stops a server that a killed process left behind, and keeps the data', async () => {
    await ask(server.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
    const orphan = server.pid;
    server = await startPostgres({ directory });
    expect(server.pid).not.toBe(orphan);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  }, 60_000);

  it('keeps committed data through an immediate stop', async () => {
    await ask(server.url, 'INSERT INTO kept VALUES (8)');
    await server.stop('immediate');
    server = await startPostgres({ directory });
    expect(await ask(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 2 }]);
  }, 60_000);

  it('says why the server does not start', async () => {
    await server.stop();
    await expect(
      startPostgres({ directory, settings: { shared_buffers: 'nonsense' } }),
    ).rejects.toMatchObject({
      code: 'START',
      message: expect.stringContaining('shared_buffers'),
    });
    server = await startPostgres({ directory });
  }, 60_000);

  it('wakes a suspended server to stop it', async () => {
    process.kill(server.pid, 'SIGSTOP');
    await server.stop();
    server = await startPostgres({ directory });
    expect(await ask(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 2 }]);
  }, 60_000);

  it('stops a suspended server that a killed process left behind', async () => {
    const orphan = server.pid;
    process.kill(orphan, 'SIGSTOP');
    server = await startPostgres({ directory });
    expect(server.pid).not.toBe(orphan);
  }, 60_000);

  it('says what is missing of a cluster that was there', async () => {
    await server.stop();
    const password = join(directory, 'superuser-password');
    const kept = await readFile(password);
    await rm(password);
    await expect(startPostgres({ directory })).rejects.toMatchObject({
      code: 'START',
      message: expect.stringContaining(`${password} is gone`),
    });
    await writeFile(password, kept);
    server = await startPostgres({ directory });
  }, 60_000);

  it('starts after the server crashed, whose file still says that it is ready', async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    server = await startPostgres({ directory });
    expect(await ask(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 2 }]);
  }, 60_000);

  it('leaves alone a process that merely has the number of a server of old', async () => {
    await server.stop();
    const stranger = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(stranger, 'spawn');
    const relocated = await readFile(join(directory, 'relocated'), 'utf8').catch(() => undefined);
    const data =
      relocated === undefined ? join(directory, 'data') : join('/var/lib/sigstead', relocated, 'data');
    await writeFile(join(data, 'postmaster.pid'), `${stranger.pid}\n${data}\n1\n`);
    server = await startPostgres({ directory });
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    stranger.kill('SIGKILL');
  }, 60_000);

  it('gives up when it is told to, at any time, and can be started again', async () => {
    const fresh = join(parent, 'given-up');
    for (const ms of [1, 150, 600]) {
      const reason = new Error('enough');
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(reason), ms);
      const outcome = startPostgres({ directory: fresh, signal: controller.signal });
      await outcome.then(
        (early) => early.stop(),
        (error: unknown) => expect(error).toBe(reason),
      );
      clearTimeout(timer);
      expect(await readdir(fresh)).not.toContain('owner.json');
    }
    const started = await startPostgres({ directory: fresh });
    expect(await ask(started.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await started.stop();
    await removeCluster(fresh);
  }, 120_000);
});

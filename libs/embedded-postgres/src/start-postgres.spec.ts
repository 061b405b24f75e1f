import { mkdtemp, rm } from 'node:fs/promises';
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
});

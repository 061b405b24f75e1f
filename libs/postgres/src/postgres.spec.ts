import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeCluster, startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ensureDatabase, ensureLoginRole, withCredentials } from './administration.ts';
import { PostgresError, sqlStateOf } from './errors.ts';
import { quoteIdentifier } from './identifier.ts';
import { runMigrations } from './migrate.ts';
import { connect, createPool, type PoolOptions } from './pool.ts';
import { grantSchema, protectInsertOnly } from './protection.ts';
import { withTransaction } from './transaction.ts';

const OWNER = { name: 'app_owner', password: "it's ö" };
const SERVICE = { name: 'app-service', password: 'secret/@:' };

let directory: string;
let server: RunningPostgres;
let ownerUrl: string;
let serviceUrl: string;
const pools: { end(): Promise<void> }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-postgres-'));
  server = await startPostgres({ directory, settings: { fsync: 'off' } });
  await ensureLoginRole(server.url, OWNER);
  await ensureLoginRole(server.url, SERVICE);
  await ensureDatabase(server.url, 'app', OWNER.name);
  ownerUrl = withCredentials(server.url, { role: OWNER, database: 'app' });
  serviceUrl = withCredentials(server.url, { role: SERVICE, database: 'app' });
}, 60_000);

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await server?.stop('immediate');
  await removeCluster(directory);
});

function pool(options: Partial<PoolOptions> = {}): ReturnType<typeof createPool> {
  const created = createPool({ url: ownerUrl, applicationName: 'test', max: 2, ...options });
  pools.push(created);
  return created;
}

describe('administration', () => {
  it('can be repeated', async () => {
    await ensureLoginRole(server.url, OWNER);
    await ensureDatabase(server.url, 'app', OWNER.name);
  });

  it('does not show a password when it fails', async () => {
    const failing = ensureLoginRole(serviceUrl, { name: 'another', password: 'hunter2' });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ADMINISTRATION',
      message: 'preparing role another failed (SQLSTATE 42501)',
    });
    expect(error).not.toHaveProperty('cause');
  });

  it.each(['', 'a"b', '1a', 'a b', 'a;b', 'x'.repeat(64)])('refuses the name %j', (name) => {
    expect(() => quoteIdentifier(name)).toThrow(PostgresError);
  });
});

describe('a connection', () => {
  it('has its limits in the session', async () => {
    const { rows } = await pool({
      statementTimeoutMs: 1234,
      lockTimeoutMs: 567,
      idleInTransactionTimeoutMs: 890,
    }).query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
         current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('application_name') AS name`,
    );
    expect(rows).toEqual([{ statement: '1234ms', lock: '567ms', idle: '890ms', name: 'test' }]);
  });

  it('that cannot be made says so', async () => {
    await expect(
      connect({ url: 'postgres://a:b@127.0.0.1:1/x', applicationName: 'test' }),
    ).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it('lost while idle does not end the process', async () => {
    const lost = new Promise<Error>((resolve) =>
      pool({ onIdleError: resolve, max: 1 })
        .query('SELECT 1')
        .then(async () => {
          const admin = await connect({ url: server.url, applicationName: 'admin' });
          await admin.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test'`,
          );
          await admin.end();
        }),
    );
    expect(String(await lost)).toMatch(/terminat/);
  });
});

describe('withTransaction', () => {
  beforeAll(async () => {
    const admin = await connect({
      url: withCredentials(server.url, { database: 'app' }),
      applicationName: 'admin',
    });
    await admin.query(`CREATE SCHEMA t AUTHORIZATION app_owner`);
    await admin.query(`CREATE TABLE t.n (n integer PRIMARY KEY)`);
    await admin.query(`ALTER TABLE t.n OWNER TO app_owner`);
    await admin.query(`CREATE FUNCTION t.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.n = 13 THEN RAISE EXCEPTION 'at commit'; END IF;
      IF NEW.n = 14 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF;
      RETURN NULL; END $$`);
    await admin.query(`CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t.n DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION t.fail()`);
    await admin.end();
  });

  const stored = async (): Promise<number[]> =>
    (await pool().query<{ n: number }>('SELECT n FROM t.n ORDER BY n')).rows.map(({ n }) => n);

  it('gives the result once it is committed', async () => {
    const result = await withTransaction(pool(), async (connection) => {
      await connection.query('INSERT INTO t.n VALUES (1)');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await stored()).toContain(1);
  });

  it('stores nothing when the work throws, and keeps the connection usable', async () => {
    const one = pool({ max: 1 });
    const work = withTransaction(one, async (connection) => {
      await connection.query('INSERT INTO t.n VALUES (2)');
      throw new RangeError('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await stored()).not.toContain(2);
    expect((await one.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('tells a COMMIT that the server turned into a rollback', async () => {
    const work = withTransaction(pool(), async (connection) => {
      await connection.query('INSERT INTO t.n VALUES (3)');
      await connection.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'ROLLED_BACK' });
    expect(await stored()).not.toContain(3);
  });

  it.each([13, 14])('calls an unacknowledged COMMIT unknown (%d)', async (n) => {
    const one = pool({ max: 1 });
    const work = withTransaction(one, (connection) => connection.query(`INSERT INTO t.n VALUES (${n})`));
    await expect(work).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
    expect((await one.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('bounds statements and waits for locks', async () => {
    const short = pool({ statementTimeoutMs: 100, lockTimeoutMs: 50 });
    const slow = await withTransaction(short, (connection) => connection.query('SELECT pg_sleep(5)')).catch(
      sqlStateOf,
    );
    expect(slow).toBe('57014');
    const waiting = await withTransaction(pool(), async (holder) => {
      await holder.query('LOCK TABLE t.n');
      return withTransaction(short, (connection) => connection.query('LOCK TABLE t.n')).catch(sqlStateOf);
    });
    expect(waiting).toBe('55P03');
  });

  it('bounds the wait for a connection', async () => {
    const one = pool({ max: 1, connectTimeoutMs: 50 });
    await withTransaction(one, async () => {
      const second = withTransaction(one, () => Promise.resolve());
      await expect(second).rejects.toMatchObject({ code: 'UNREACHABLE' });
    });
  });

  it('notices that the server dropped an idle transaction', async () => {
    const one = pool({ max: 1, idleInTransactionTimeoutMs: 50 });
    const admin = await connect({ url: server.url, applicationName: 'admin' });
    const work = withTransaction(one, async (connection) => {
      await admin.query('SELECT pg_sleep(0.3)');
      return connection.query('SELECT 1');
    });
    await expect(work).rejects.toThrow();
    await admin.end();
    expect((await one.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('migrations', () => {
  class CreateThings implements MigrationInterface {
    readonly name = 'CreateThings1700000000001';
    async up(runner: QueryRunner): Promise<void> {
      await runner.query('CREATE TABLE things.thing (n integer)');
      await grantSchema(runner, 'things', SERVICE.name);
      await protectInsertOnly(runner, 'things', 'thing', SERVICE.name);
    }
    down(): Promise<void> {
      return Promise.resolve();
    }
  }

  class Broken implements MigrationInterface {
    readonly name = 'Broken1700000000002';
    async up(runner: QueryRunner): Promise<void> {
      await runner.query('CREATE TABLE things.half (n integer)');
      await runner.query('SELECT 1/0');
    }
    down(): Promise<void> {
      return Promise.resolve();
    }
  }

  const options = () => ({ url: ownerUrl, schema: 'things', migrations: [CreateThings] });

  it('are applied once, though two run at the same time', async () => {
    const applied = await Promise.all([runMigrations(options()), runMigrations(options())]);
    expect(applied.flat()).toEqual(['CreateThings1700000000001']);
    expect(await runMigrations(options())).toEqual([]);
  });

  it('leave nothing of one that fails', async () => {
    const failing = runMigrations({ ...options(), migrations: [CreateThings, Broken] });
    await expect(failing).rejects.toMatchObject({
      code: 'MIGRATION',
      message: expect.stringMatching(/division by zero/) as unknown,
    });
    expect((await pool().query(`SELECT to_regclass('things.half') AS half`)).rows).toEqual([{ half: null }]);
  });

  it('cannot be run without a database', async () => {
    const failing = runMigrations({ ...options(), url: 'postgres://a:b@127.0.0.1:1/x' });
    await expect(failing).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('make tables that the service can only add to', async () => {
    const service = pool({ url: serviceUrl });
    await service.query('INSERT INTO things.thing VALUES (1)');
    expect((await service.query('SELECT n FROM things.thing')).rows).toEqual([{ n: 1 }]);
    for (const change of [
      'UPDATE things.thing SET n = 2',
      'DELETE FROM things.thing',
      'TRUNCATE things.thing',
    ]) {
      await expect(service.query(change)).rejects.toMatchObject({ code: '42501' });
      await expect(pool().query(change)).rejects.toMatchObject({ code: '23001' });
    }
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Anchor, TreeHead } from '../anchor/anchor.ts';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { auditLog } from '../testonly/audit.ts';
import {
  openReplica,
  submission,
  temporaryDirectory,
  type Replica,
  type ReplicaOptions,
} from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let opened: Replica[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
});

afterEach(async () => {
  for (const replica of opened) await replica.close();
  opened = [];
  await anchors.remove();
});

async function open(options: Partial<ReplicaOptions> = {}): Promise<Replica> {
  const replica = await openReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: anchors.path,
    ...options,
  });
  opened.push(replica);
  return replica;
}

async function fill(replica: Replica, prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await replica.log.sequencer.submit(submission(`${prefix} ${i}`));
}

/** Closes everything and gives a copy of the database as it is now: a backup that is restored. */
async function backUp(): Promise<TestDatabase> {
  for (const replica of opened) await replica.close();
  opened = [];
  const copy = await postgres.createDatabase();
  const nameOf = (url: string): string => new URL(url).pathname.slice(1);
  await runSql(
    postgres.server.url,
    `DROP DATABASE ${nameOf(copy.ownerUrl)}`,
    `CREATE DATABASE ${nameOf(copy.ownerUrl)} TEMPLATE ${nameOf(database.ownerUrl)} OWNER tlog_owner`,
  );
  return copy;
}

async function expectRefusal(replica: Replica, reason: RegExp): Promise<void> {
  const refused = { code: 'REFUSED', message: expect.stringMatching(reason) as unknown };
  await expect(replica.log.sequencer.submit(submission('refused'))).rejects.toMatchObject(refused);
  await expect(replica.log.publication.head()).rejects.toMatchObject(refused);
  expect(replica.observed.refusals).toHaveLength(1);
}

async function setAnchor(head: TreeHead): Promise<void> {
  const anchor = await FileAnchor.open(join(anchors.path, 'test'));
  expect(await anchor.compareAndSwap((await anchor.read())?.version, head)).toBe(true);
}

describe('the anchor', () => {
  it('is made with the log and follows it', async () => {
    const replica = await open();
    expect((await replica.log.publication.head()).size).toBe(0n);
    await fill(replica, 'a', 3);
    const anchored = await (await FileAnchor.open(replica.anchorDirectory)).read();
    expect(anchored?.size).toBe(3n);
  });

  it('behind the database is caught up at start: nobody had been told', async () => {
    await fill(await open(), 'a', 2);
    await cp(anchors.path, `${anchors.path}-old`, { recursive: true });
    await fill(opened[0] as Replica, 'b', 3);
    await rm(anchors.path, { recursive: true });
    await cp(`${anchors.path}-old`, anchors.path, { recursive: true });
    await rm(`${anchors.path}-old`, { recursive: true });
    const again = await open();
    expect((await again.log.publication.head()).size).toBe(5n);
    await fill(again, 'c', 1);
    expect((await auditLog(database.ownerUrl, 'test')).size).toBe(6);
  });

  it('ahead of the database shuts the log: a restored backup', async () => {
    await fill(await open(), 'a', 5);
    const restored = await backUp();
    await fill(await open(), 'b', 3);
    const replica = await open({ databaseUrl: restored.serviceUrl });
    await expectRefusal(replica, /database is behind the anchor: it has 5 entries, 8 were published/);
    expect((await auditLog(restored.ownerUrl, 'test')).size).toBe(5);
  });

  it('ahead of the database shuts a running log at the next batch', async () => {
    const replica = await open();
    await fill(replica, 'a', 2);
    await setAnchor({ size: 9n, root: new Uint8Array(32) });
    await expectRefusal(replica, /behind the anchor/);
    expect((await auditLog(database.ownerUrl, 'test')).size).toBe(2);
  });

  it('with another root at the same size shuts the log: a second history', async () => {
    await fill(await open(), 'a', 5);
    const copy = await backUp();
    await cp(anchors.path, `${anchors.path}-copy`, { recursive: true });
    await fill(
      await open({ databaseUrl: copy.serviceUrl, anchorDirectory: `${anchors.path}-copy` }),
      'other',
      2,
    );
    await fill(await open(), 'b', 2);
    await expectRefusal(await open({ databaseUrl: copy.serviceUrl }), /differ at size 7/);
    await rm(`${anchors.path}-copy`, { recursive: true });
  });

  it('with another root at an older size shuts the log', async () => {
    const replica = await open();
    await fill(replica, 'a', 2);
    await rm(replica.anchorDirectory, { recursive: true });
    await FileAnchor.open(replica.anchorDirectory);
    await setAnchor({ size: 1n, root: new Uint8Array(32).fill(7) });
    await expectRefusal(replica, /differ at size 1/);
  });

  it('at a size that was never committed shuts the log', async () => {
    const replica = await open();
    await Promise.all(['a', 'b', 'c'].map((text) => replica.log.sequencer.submit(submission(text))));
    await rm(replica.anchorDirectory, { recursive: true });
    await FileAnchor.open(replica.anchorDirectory);
    await setAnchor({ size: 2n, root: new Uint8Array(32) });
    await expectRefusal(replica, /no tree head of size 2/);
  });

  it('is not swapped over what another database published meanwhile: a failover without fencing', async () => {
    await fill(await open(), 'a', 2);
    const promoted = await backUp();
    const other = await open({ databaseUrl: promoted.serviceUrl });
    // Committed here to size 5 and not published yet, while the promoted copy goes on to size 3 and publishes.
    const replica = await open({
      seal: async (head) => {
        if (head.size === 5n) await fill(other, 'elsewhere', 1);
        return `sealed ${head.size}`;
      },
    });
    const late = ['b', 'c', 'd'].map((text) => replica.log.sequencer.submit(submission(text)));
    for (const { status } of await Promise.allSettled(late)) expect(status).toBe('rejected');
    await expectRefusal(replica, /no tree head of size 3/);
    expect((await other.log.publication.head()).size).toBe(3n);
    await fill(other, 'goes on', 1);
  });

  it('ahead of a row whose lock was lost is no contradiction', async () => {
    const file = await FileAnchor.open(join(anchors.path, 'test'));
    const gate = { reached: (): void => undefined, open: Promise.resolve() };
    const anchor: Anchor = {
      read: async () => {
        gate.reached();
        await gate.open;
        return file.read();
      },
      compareAndSwap: (expected, next) => file.compareAndSwap(expected, next),
    };
    const paused = await open({ anchor });
    const other = await open();
    await fill(paused, 'a', 2);
    let release = (): void => undefined;
    gate.open = new Promise((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) => (gate.reached = resolve));
    const late = paused.log.sequencer.submit(submission('late'));
    const rejected = expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await reached;
    // What idle_in_transaction_session_timeout does, without the wait.
    await runSql(
      postgres.server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'`,
    );
    await fill(other, 'b', 2);
    release();
    await rejected;
    expect(paused.observed.refusals).toEqual([]);
    await fill(paused, 'late', 1);
    expect((await auditLog(database.ownerUrl, 'test')).size).toBe(5);
  });

  it('that is missing shuts a log with entries, also after a restart', async () => {
    const replica = await open();
    await fill(replica, 'a', 2);
    await rm(replica.anchorDirectory, { recursive: true });
    await FileAnchor.open(replica.anchorDirectory);
    await expectRefusal(replica, /anchor is missing, while the database has 2 entries/);
    await expectRefusal(await open(), /anchor is missing/);
  });

  it('that is torn shuts the log', async () => {
    const replica = await open();
    await fill(replica, 'a', 1);
    await writeFile(join(replica.anchorDirectory, '99999999999999999999'), '{"size":"1"');
    await expectRefusal(replica, /torn/);
  });

  it('that cannot be reached fails the batch and not the log', async () => {
    const broken = { now: false };
    const file = await FileAnchor.open(join(anchors.path, 'test'));
    const anchor: Anchor = {
      read: () => (broken.now ? Promise.reject(new Error('input/output error')) : file.read()),
      compareAndSwap: (expected, next) => file.compareAndSwap(expected, next),
    };
    const replica = await open({ anchor });
    broken.now = true;
    await expect(replica.log.sequencer.submit(submission('a'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    broken.now = false;
    expect(await replica.log.sequencer.submit(submission('a'))).toMatchObject({
      duplicate: false,
      index: 0n,
    });
  });

  it('that loses swaps for no reason is asked again, after the primary confirmed', async () => {
    const file = await FileAnchor.open(join(anchors.path, 'test'));
    let losses = 0;
    const anchor: Anchor = {
      read: () => file.read(),
      compareAndSwap: async (expected, next) => {
        if (next.size === 0n || losses++ % 3 === 2) return file.compareAndSwap(expected, next);
        return false;
      },
    };
    const replica = await open({ anchor });
    await fill(replica, 'a', 2);
    expect((await file.read())?.size).toBe(2n);
    expect(losses).toBe(6);
  });

  it('that won and said it lost is found won', async () => {
    const file = await FileAnchor.open(join(anchors.path, 'test'));
    const anchor: Anchor = {
      read: () => file.read(),
      compareAndSwap: async (expected, next) => {
        await file.compareAndSwap(expected, next);
        return false;
      },
    };
    const replica = await open({ anchor });
    await fill(replica, 'a', 3);
    expect((await replica.log.publication.head()).size).toBe(3n);
    expect(replica.observed.failures).toEqual([]);
  });

  it('hides what is committed and not published', async () => {
    const file = await FileAnchor.open(join(anchors.path, 'test'));
    let stuck = false;
    const anchor: Anchor = {
      read: () => file.read(),
      compareAndSwap: (expected, next) =>
        stuck ? Promise.reject(new Error('input/output error')) : file.compareAndSwap(expected, next),
    };
    const replica = await open({ anchor });
    await fill(replica, 'a', 1);
    stuck = true;
    await expect(replica.log.sequencer.submit(submission('hidden'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect((await auditLog(database.ownerUrl, 'test')).size).toBe(2);
    expect((await replica.log.publication.head()).size).toBe(1n);
    stuck = false;
    expect(await replica.log.sequencer.submit(submission('hidden'))).toMatchObject({
      duplicate: true,
      index: 1n,
    });
    expect((await replica.log.publication.head()).size).toBe(2n);
  });
});

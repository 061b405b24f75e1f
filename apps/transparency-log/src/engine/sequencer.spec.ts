import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyInclusion } from '@sigstead/merkle';
import type { Sequenced } from './submission.ts';
import { auditLog } from '../testonly/audit.ts';
import { startCommitProxy, type CommitProxy } from '../testonly/commit-proxy.ts';
import {
  openReplica,
  placedSubmission,
  submission,
  temporaryDirectory,
  type Replica,
  type ReplicaOptions,
} from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let opened: { close(): Promise<void> }[] = [];
let logs = 0;
let name: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
}, 60_000);

afterAll(async () => {
  await anchors?.remove();
  await postgres?.stop();
});

beforeEach(() => {
  name = `log-${++logs}`;
});

afterEach(async () => {
  for (const each of opened.reverse()) await each.close();
  opened = [];
});

async function open(options: Partial<ReplicaOptions> = {}): Promise<Replica> {
  const replica = await openReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: anchors.path,
    name,
    ...options,
  });
  opened.push(replica);
  return replica;
}

async function proxied(): Promise<CommitProxy> {
  const proxy = await startCommitProxy(database.serviceUrl);
  opened.unshift(proxy);
  return proxy;
}

function submitAll(replica: Replica, texts: readonly string[]): Promise<Sequenced<string>[]> {
  return Promise.all(texts.map((text) => replica.log.sequencer.submit(submission(text))));
}

function texts(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
}

function verify(results: readonly Sequenced<string>[]): void {
  for (const { index, head, inclusionProof, entry } of results) {
    verifyInclusion(
      index,
      head.size,
      submission(Buffer.from(entry).toString()).identity,
      inclusionProof,
      head.root,
    );
  }
}

describe('batches', () => {
  it('keep one tree whatever their sizes, across the borders of chunks and tiles', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
        async (sizes) => {
          name = `log-${++logs}`;
          const replica = await open();
          const written: string[] = [];
          for (const size of sizes) {
            const batch = texts(`batch ${written.length}`, size);
            const results = await submitAll(replica, batch);
            verify(results);
            expect(results.every(({ duplicate }) => !duplicate)).toBe(true);
            written.push(...batch);
          }
          const audit = await auditLog(database.ownerUrl, name);
          expect([...audit.entries].sort()).toEqual([...written].sort());
          expect((await replica.log.publication.head()).size).toBe(BigInt(written.length));
        },
      ),
      { numRuns: 6 },
    );
  });

  it('give every entry a proof in the newest tree afterwards', async () => {
    const replica = await open();
    for (const count of [1, 254, 1, 1, 300])
      await submitAll(replica, texts(`count ${count} ${Math.random()}`, count));
    const head = await replica.log.publication.head();
    expect(head.size).toBe(557n);
    const stored = await replica.log.reader.entries(Array.from({ length: 557 }, (_, i) => BigInt(i)));
    for (const { index, leafHash } of stored) {
      const proof = await replica.log.reader.inclusionProof(index, head.size);
      verifyInclusion(index, head.size, leafHash, proof, head.root);
    }
    expect(stored.map(({ index }) => Number(index))).toEqual(Array.from({ length: 557 }, (_, i) => i));
  });

  it('write the search keys of every entry', async () => {
    const replica = await open();
    const [first] = await submitAll(replica, ['Some Artifact', 'another']);
    const found = await runSql(
      database.ownerUrl,
      `SELECT idx FROM tlog.search_key JOIN tlog.log ON id = log_id WHERE name = '${name}' AND key = 'some artifact'`,
    );
    expect(found).toEqual([{ idx: String(first?.index) }]);
  });

  it('take at most what the queue holds', async () => {
    const replica = await open({ maxPending: 10 });
    const results = await Promise.allSettled(
      texts('crowd', 50).map((text) => replica.log.sequencer.submit(submission(text))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of results.slice(10)) expect(result).toMatchObject({ reason: { code: 'OVERLOADED' } });
    expect((await auditLog(database.ownerUrl, name)).size).toBe(10);
  });

  it('take at most the bytes the queue holds', async () => {
    const replica = await open({ maxPendingBytes: 10_000 });
    const results = await Promise.allSettled(
      texts('large', 20).map((text) => replica.log.sequencer.submit(submission(text, 2_000))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    for (const result of results.slice(4)) expect(result).toMatchObject({ reason: { code: 'OVERLOADED' } });
  });

  it('take at most the search keys the queue holds, whose rows cost more than the entry that names them', async () => {
    const replica = await open({ maxPendingBytes: 100_000 });
    const searchKeys = Array.from({ length: 200 }, (_, i) => `sha256:${i}`);
    const results = await Promise.allSettled(
      texts('keys', 10).map((text) => replica.log.sequencer.submit({ ...submission(text), searchKeys })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const result of results.slice(2)) expect(result).toMatchObject({ reason: { code: 'OVERLOADED' } });
  });

  it('do not fail for one entry that cannot be encoded', async () => {
    const replica = await open();
    const poison = {
      ...submission('poison'),
      encode: () => {
        throw new Error('a field is too long');
      },
    };
    const results = await Promise.allSettled([
      replica.log.sequencer.submit(submission('a')),
      replica.log.sequencer.submit(poison),
      replica.log.sequencer.submit(submission('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { message: 'a field is too long' } });
  });

  it('are not written where COMMIT promises nothing', async () => {
    const replica = await open();
    const nameOf = (url: string): string => new URL(url).pathname.slice(1);
    const service = `ALTER ROLE tlog_service IN DATABASE ${nameOf(database.ownerUrl)}`;
    await runSql(postgres.server.url, `${service} SET synchronous_commit = off`);
    await runSql(
      postgres.server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tlog_service'`,
    );
    const refused = {
      code: 'CONFIGURATION',
      message: expect.stringMatching(/synchronous_commit/) as unknown,
    };
    await expect(open({ name: 'undurable' })).rejects.toMatchObject(refused);
    await runSql(postgres.server.url, `${service} RESET synchronous_commit`);
    await runSql(
      postgres.server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tlog_service'`,
    );
    await submitAll(replica, ['a']);
  });

  it('are finished, and nothing new is taken, when the sequencer closes', async () => {
    const replica = await open();
    const waiting = submitAll(replica, texts('last', 600));
    const closed = replica.log.sequencer.close();
    await expect(replica.log.sequencer.submit(submission('late'))).rejects.toMatchObject({ code: 'CLOSING' });
    await closed;
    expect(await waiting).toHaveLength(600);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(600);
  });

  it('refuse a frozen log', async () => {
    const replica = await open();
    await runSql(database.ownerUrl, `UPDATE tlog.log SET state = 'frozen' WHERE name = '${name}'`);
    await expect(replica.log.sequencer.submit(submission('x'))).rejects.toMatchObject({ code: 'FROZEN' });
  });

  it('fail alone: the next one begins afresh', async () => {
    let fail = true;
    const replica = await open({
      seal: () => (fail ? Promise.reject(new Error('the key is away')) : Promise.resolve('sealed')),
    });
    await expect(replica.log.sequencer.submit(submission('a'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    fail = false;
    // The first one was stored and told to nobody: submitted again it is found.
    expect((await submitAll(replica, ['a', 'b'])).map(({ duplicate }) => duplicate)).toEqual([true, false]);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(2);
  });

  it('do not let one unstorable entry fail the others', async () => {
    const replica = await open();
    const bad = { ...submission('bad'), searchKeys: ['nul \0'] };
    const [refused, taken] = await Promise.allSettled([
      replica.log.sequencer.submit(bad),
      replica.log.sequencer.submit(submission('good')),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE' } });
    expect(taken.status).toBe('fulfilled');
  });
});

describe('duplicates', () => {
  it('in one batch and in later ones get the first place and time', async () => {
    const replica = await open();
    const [first, again, other] = await submitAll(replica, ['same', 'same', 'other']);
    expect([first?.duplicate, again?.duplicate, other?.duplicate]).toEqual([false, true, false]);
    const later = await submitAll(replica, ['new', 'same', 'same']);
    expect(later.map(({ duplicate }) => duplicate)).toEqual([false, true, true]);
    for (const result of [again, later[1], later[2]]) {
      expect(result).toMatchObject({ index: first?.index, timestampMs: first?.timestampMs });
    }
    verify(later);
    expect((await auditLog(database.ownerUrl, name)).entries).toHaveLength(3);
  });

  it('are found by another replica', async () => {
    const [a, b] = [await open(), await open()];
    const [first] = await submitAll(a, ['shared']);
    expect((await submitAll(b, ['shared']))[0]).toMatchObject({ duplicate: true, index: first?.index });
  });

  it('of entries that depend on their place give the first one’s bytes', async () => {
    const replica = await open({ timestamps: 'entry' });
    const first = await replica.log.sequencer.submit(placedSubmission('precertificate'));
    const again = await replica.log.sequencer.submit(placedSubmission('precertificate'));
    expect(again.duplicate).toBe(true);
    expect(Buffer.from(again.entry).equals(first.entry)).toBe(true);
  });
});

describe('time', () => {
  it('never runs backwards, though the clock does', async () => {
    let now = 1_000_000;
    const replica = await open({ clock: () => new Date(now) });
    await submitAll(replica, ['a']);
    now = 5_000;
    await submitAll(replica, ['b', 'c']);
    now = 2_000_000;
    await submitAll(replica, ['d']);
    const { timestampsMs } = await auditLog(database.ownerUrl, name);
    expect(timestampsMs).toEqual([1_000_000n, 1_000_001n, 1_000_001n, 2_000_000n]);
  });

  it('is a millisecond of its own for every entry where that is asked', async () => {
    const replica = await open({ clock: () => new Date(1000), timestamps: 'entry' });
    const results = await Promise.all(
      texts('each', 300).map((text) => replica.log.sequencer.submit(placedSubmission(text))),
    );
    expect(results.map(({ timestampMs }) => timestampMs)).toEqual(results.map(({ index }) => 1000n + index));
  });
});

describe('several replicas', () => {
  it('write one tree together', async () => {
    const replicas = [await open(), await open(), await open()];
    const results = await Promise.all(
      replicas.map(async (replica, r) => {
        const mine: Sequenced<string>[] = [];
        for (let round = 0; round < 12; round++) {
          // Half of what each submits is submitted by the others as well.
          mine.push(
            ...(await submitAll(replica, [
              ...texts(`replica ${r} round ${round}`, 10),
              ...texts(`common ${round}`, 10),
            ])),
          );
        }
        return mine;
      }),
    );
    for (const mine of results) verify(mine);
    const audit = await auditLog(database.ownerUrl, name);
    expect(audit.size).toBe(3 * 12 * 10 + 12 * 10);
    expect(results.flat().filter(({ duplicate }) => !duplicate)).toHaveLength(audit.size);
    expect(replicas.flatMap(({ observed }) => [...observed.failures, ...observed.refusals])).toEqual([]);
    expect((await replicas[0]?.log.publication.head())?.size).toBe(BigInt(audit.size));
  });
});

describe('a COMMIT whose answer is lost', () => {
  it('is looked up, and the answer is made from what is stored', async () => {
    const proxy = await proxied();
    const replica = await open({ databaseUrl: proxy.url });
    await submitAll(replica, ['before']);
    proxy.arm('answer');
    const results = await submitAll(replica, ['a', 'b', 'a', 'before']);
    expect(proxy.cuts).toBe(1);
    expect(replica.observed.unknownOutcomes).toBe(1);
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, true, true]);
    verify(results);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(3);
  });

  it('is submitted again when the server never saw it', async () => {
    const proxy = await proxied();
    const replica = await open({ databaseUrl: proxy.url });
    proxy.arm('request');
    const results = await submitAll(replica, texts('lost', 5));
    expect(proxy.cuts).toBe(1);
    expect(results.map(({ duplicate }) => duplicate)).toEqual(Array(5).fill(false));
    verify(results);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(5);
  });

  it('fails the batch when it cannot be looked up, and loses nothing', async () => {
    const proxy = await proxied();
    const replica = await open({ databaseUrl: proxy.url });
    // The first COMMIT is lost with its answer, the second is the one that ends the lookup.
    proxy.arm('answer', 2);
    await expect(replica.log.sequencer.submit(submission('a'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect((await submitAll(replica, ['a', 'b'])).map(({ duplicate }) => duplicate)).toEqual([true, false]);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(2);
  });

  it('makes one entry, with a client that tries again at the other replica', async () => {
    const proxy = await proxied();
    const [broken, healthy] = [await open({ databaseUrl: proxy.url }), await open()];
    proxy.arm('answer');
    const [one, other] = await Promise.all([
      submitAll(broken, ['contested']),
      submitAll(healthy, ['contested']),
    ]);
    expect([one[0]?.duplicate, other[0]?.duplicate].filter(Boolean)).toHaveLength(1);
    expect(one[0]?.index).toBe(other[0]?.index);
    verify([...one, ...other]);
    expect((await auditLog(database.ownerUrl, name)).size).toBe(1);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { createPool } from '@sigstead/postgres';
import {
  noteSigner,
  noteVerifierOf,
  parseSignedNote,
  parseVerifierKey,
  parseWitnessPolicy,
  signCheckpointNote,
  verifyCheckpointNote,
  type NoteKey,
} from '@sigstead/tlog';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Anchor, TreeHead } from '../anchor/anchor.ts';
import { FileAnchor } from '../anchor/file-anchor.ts';
import type { Sequenced } from '../engine/submission.ts';
import { LogError } from '../errors.ts';
import { auditLog } from '../testonly/audit.ts';
import {
  openReplica,
  submission,
  temporaryDirectory,
  type Replica,
  type ReplicaOptions,
} from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { WitnessServer } from '../testonly/witness-server.ts';
import { WitnessedCheckpoints } from './witnessed-checkpoints.ts';
import { Witnesses } from './witnesses.ts';

const NAME = 'log2026-1.example';
const signer = PrivateKeySigner.generate('Ed25519');
const logKey = noteVerifierOf(NAME, signer.publicKey);

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let witness: WitnessServer;
let closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
  witness = await WitnessServer.start('w1', [logKey]);
});

afterEach(async () => {
  await closeAll();
  await witness.close();
  await anchors.remove();
});

async function closeAll(): Promise<void> {
  for (const close of closing.reverse()) await close();
  closing = [];
}

function sign({ size, root }: TreeHead): Promise<string> {
  return signCheckpointNote({ origin: NAME, size, rootHash: root, extensions: [] }, [
    noteSigner(NAME, signer),
  ]);
}

interface OpenOptions extends Partial<ReplicaOptions> {
  readonly onMissing?: 'publish' | 'refuse';
}

async function open({ onMissing = 'refuse', ...options }: OpenOptions = {}): Promise<Replica> {
  const databaseUrl = options.databaseUrl ?? database.serviceUrl;
  const pool = createPool({ url: databaseUrl, applicationName: 'test-checkpoints', max: 2 });
  const policy = parseWitnessPolicy(`${witness.policyLine}quorum w1\n`);
  const witnesses = new Witnesses({ policy, timeoutMs: 20_000, observer: { asked: () => undefined } });
  const checkpoints = new WitnessedCheckpoints({ witnesses, onMissing, pool });
  const replica = await openReplica({
    databaseUrl,
    anchorDirectory: anchors.path,
    seal: (head, log) => checkpoints.of(head, log, () => sign(head)),
    ...options,
  });
  closing.push(async () => {
    await replica.close();
    witnesses.close();
    await pool.end();
  });
  return replica;
}

function submit(replica: Replica, text: string): Promise<Sequenced<string>> {
  return replica.log.sequencer.submit(submission(text));
}

async function keptNotes(url = database.serviceUrl): Promise<Map<bigint, string>> {
  const rows = await runSql(url, 'SELECT size, note FROM tlog.checkpoint ORDER BY size');
  return new Map(rows.map(({ size, note }) => [BigInt(size as string), note as string]));
}

function isCosigned(note: string): boolean {
  const { body, signatures } = parseSignedNote(note);
  const key = parseVerifierKey(witness.verifierKey) as NoteKey;
  return signatures.some(({ name, signature }) => name === 'w1' && key.verify(encodeUtf8(body), signature));
}

describe('the checkpoint of a batch', () => {
  it('is cosigned and kept before anybody is answered', async () => {
    const replica = await open();
    for (const text of ['a', 'b', 'c']) {
      const { head, seal } = await submit(replica, text);
      expect(verifyCheckpointNote(seal, logKey).rootHash).toEqual(new Uint8Array(head.root));
      expect([isCosigned(seal), (await keptNotes()).get(head.size)]).toEqual([true, seal]);
      expect(witness.sizeOf(NAME)).toBe(head.size);
    }
  });

  it('is the kept one for an entry sent again, of any replica: the witness is not asked twice', async () => {
    const { seal } = await submit(await open(), 'a');
    const again = await submit(await open(), 'a');
    expect([again.duplicate, again.seal]).toEqual([true, seal]);
    expect(witness.exchanges).toHaveLength(1);
  });

  it('is one for each size, though replicas compete for the log and the witness', async () => {
    const replicas = [await open({ onMissing: 'publish' }), await open({ onMissing: 'publish' })];
    const texts = Array.from({ length: 40 }, (_, at) => `entry ${at}`);
    const answers = await Promise.all(texts.map((text, at) => submit(replicas[at % 2] as Replica, text)));
    const kept = await keptNotes();
    for (const { head, seal } of answers) expect(kept.get(head.size)).toBe(seal);
    const last = [...kept.keys()].at(-1) ?? 0n;
    expect(isCosigned((await submit(replicas[0] as Replica, 'last')).seal)).toBe(true);
    expect(last).toBe(40n);
    expect(replicas.flatMap(({ observed }) => observed.refusals)).toEqual([]);
    expect((await auditLog(database.ownerUrl, 'test')).size).toBe(41);
  });

  it('without a quorum is published where that is allowed', async () => {
    witness.misbehave = () => ({ status: 500 });
    const { seal, head } = await submit(await open({ onMissing: 'publish' }), 'a');
    expect(verifyCheckpointNote(seal, logKey).size).toBe(1n);
    expect([isCosigned(seal), (await keptNotes()).get(head.size)]).toEqual([false, seal]);
  });

  it('without a quorum is not published where it must be met; sending the entry again is answered once it is', async () => {
    const replica = await open();
    await submit(replica, 'a');
    witness.misbehave = () => ({ status: 500 });
    await expect(submit(replica, 'b')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([(await replica.log.publication.head()).size, (await keptNotes()).size]).toEqual([1n, 1]);
    witness.misbehave = undefined;
    const { index, head, seal } = await submit(replica, 'b');
    expect([index, head.size, isCosigned(seal)]).toEqual([1n, 2n, true]);
  });

  it('is given to the next who asks when its process ended between keeping it and moving the anchor', async () => {
    const anchor = await FileAnchor.open(join(anchors.path, 'test'));
    let isDown = false;
    const failing: Anchor = {
      read: () => anchor.read(),
      compareAndSwap: (expected, next) =>
        isDown ? Promise.reject(new LogError('UNAVAILABLE', 'down')) : anchor.compareAndSwap(expected, next),
    };
    const replica = await open({ anchor: failing });
    isDown = true;
    await expect(submit(replica, 'a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const kept = (await keptNotes()).get(1n);
    await closeAll();
    const { seal } = await submit(await open(), 'a');
    expect([kept !== undefined, seal]).toEqual([true, kept]);
    expect(witness.exchanges).toHaveLength(1);
  });
});

describe('a log with witnesses', () => {
  /** Closes everything and gives a copy of database and anchor as they are now. */
  async function backUp(): Promise<TestDatabase> {
    await closeAll();
    const copy = await postgres.createDatabase();
    const nameOf = (url: string): string => new URL(url).pathname.slice(1);
    await runSql(
      postgres.server.url,
      `DROP DATABASE ${nameOf(copy.ownerUrl)}`,
      `CREATE DATABASE ${nameOf(copy.ownerUrl)} TEMPLATE ${nameOf(database.ownerUrl)} OWNER tlog_owner`,
    );
    await cp(join(anchors.path, 'test'), join(anchors.path, 'backup/test'), { recursive: true });
    return copy;
  }

  async function expectShut(replica: Replica, reason: RegExp): Promise<void> {
    const refused = { code: 'REFUSED', message: expect.stringMatching(reason) as unknown };
    await expect(submit(replica, 'refused')).rejects.toMatchObject(refused);
    await expect(submit(replica, 'refused again')).rejects.toMatchObject(refused);
    await expect(replica.log.publication.head()).rejects.toMatchObject(refused);
    expect(replica.observed.refusals).toHaveLength(1);
  }

  it('is shut by them when database and anchor were both restored from a backup', async () => {
    await submit(await open(), 'a');
    const restored = await backUp();
    const replica = await open();
    for (const text of ['b', 'c', 'd']) await submit(replica, text);
    await closeAll();
    const rolledBack = await open({
      databaseUrl: restored.serviceUrl,
      anchorDirectory: join(anchors.path, 'backup'),
    });
    await expectShut(
      rolledBack,
      /witness w1 contradicts the database: .*size 4, and the database has no such head/,
    );
    expect((await keptNotes(restored.serviceUrl)).size).toBe(1);
  });

  it('is shut by them when what was restored has grown past what they know', async () => {
    await submit(await open(), 'a');
    const restored = await backUp();
    await submit(await open(), 'b');
    await closeAll();
    const folder = { databaseUrl: restored.serviceUrl, anchorDirectory: join(anchors.path, 'backup') };
    const silent = await open({ ...folder, seal: () => Promise.resolve('') });
    for (const text of ['c', 'd', 'e']) await submit(silent, text);
    await closeAll();
    await expectShut(await open(folder), /not a prefix of the checkpoint of size 5/);
  });

  it('is shut by a kept checkpoint of another tree', async () => {
    const replica = await open();
    await submit(replica, 'a');
    const note = await sign({ size: 2n, root: new Uint8Array(32) });
    await runSql(database.ownerUrl, `INSERT INTO tlog.checkpoint SELECT id, 2, '${note}' FROM tlog.log`);
    await expectShut(replica, /checkpoint of size 2 that is kept has another root/);
  });

  it('cannot change or remove a checkpoint that is kept', async () => {
    await submit(await open(), 'a');
    for (const url of [database.serviceUrl, database.ownerUrl]) {
      await expect(runSql(url, `UPDATE tlog.checkpoint SET note = ''`)).rejects.toThrow();
      await expect(runSql(url, 'DELETE FROM tlog.checkpoint')).rejects.toThrow();
    }
    expect((await keptNotes()).size).toBe(1);
  });
});

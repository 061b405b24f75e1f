import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT, hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { setTimeout as delay } from 'node:timers/promises';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { auditLog, type Audit } from '../testonly/audit.ts';
import { temporaryDirectory } from '../testonly/engine.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { isSequenced, startReplica, type Answer, type ReplicaProcess } from '../testonly/replica-client.ts';
import type { Sequenced } from './submission.ts';

const KILLS = 3;
const NAME = 'test';

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let started: ReplicaProcess[] = [];
const keyPem = PrivateKeySigner.generate('P-256').toEncryptedPem('correct horse');

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
  for (const replica of started) await replica.kill();
  started = [];
  await anchors.remove();
});

async function start(): Promise<ReplicaProcess> {
  const replica = await startReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: anchors.path,
    name: NAME,
    keyPem,
    passphrase: 'correct horse',
  });
  started.push(replica);
  return replica;
}

/** Every answer against the final tree: its place, its head, its proof. */
function expectConsistent(audit: Audit, answers: readonly Sequenced<string>[]): void {
  const roots = new Map<bigint, string>([[0n, encodeHex(EMPTY_ROOT)]]);
  const range = CompactRange.empty();
  for (const entry of audit.entries) {
    range.append(hashLeaf(encodeUtf8(entry)));
    roots.set(range.size, encodeHex(range.root()));
  }
  for (const { index, head, entry, inclusionProof, seal } of answers) {
    expect(Buffer.from(entry).toString()).toBe(audit.entries[Number(index)]);
    expect(encodeHex(head.root)).toBe(roots.get(head.size));
    expect(seal).toBe(`sealed ${head.size}`);
    verifyInclusion(index, head.size, hashLeaf(entry), inclusionProof, head.root);
  }
  expect(new Set(audit.entries).size).toBe(audit.size);
}

async function anchoredSize(): Promise<bigint | undefined> {
  return (await (await FileAnchor.open(`${anchors.path}/${NAME}`)).read())?.size;
}

describe('two replicas, one killed again and again', () => {
  it('leave one tree, which has whatever they acknowledged', async () => {
    const acknowledged: Sequenced<string>[] = [];
    const refused: Answer[] = [];
    let round = 0;
    let done = false;
    const write = async (replica: () => ReplicaProcess): Promise<void> => {
      while (!done) {
        const batch = Array.from({ length: 40 }, (_, i) => `${Math.floor(round / 2)} ${i}`);
        round += 1;
        // The same at both replicas now and then, and again after a kill: what was not answered is submitted anew.
        const answers = await replica().submit(batch);
        if (answers.length === 0) await delay(5);
        for (const answer of answers) {
          if (isSequenced(answer)) acknowledged.push(answer);
          else refused.push(answer);
        }
      }
    };
    const steady = await start();
    let victim = await start();
    const writers = [write(() => steady), write(() => steady), write(() => victim), write(() => victim)];
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(150 + Math.random() * 150);
      const next = start();
      await victim.kill();
      victim = await next;
    }
    done = true;
    await Promise.all(writers);
    // One more entry moves the anchor over what a killed replica committed and did not publish.
    acknowledged.push((await steady.submit(['the last one']))[0] as Sequenced<string>);
    const audit = await auditLog(database.ownerUrl, NAME);
    expect(refused).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(KILLS * 40);
    expectConsistent(audit, acknowledged);
    expect(await anchoredSize()).toBe(BigInt(audit.size));
  }, 60_000);
});

describe('a replica that is stopped', () => {
  it('with the row locked loses the lock, delays the other one, stores nothing and goes on later', async () => {
    const paused = await start();
    const other = await start();
    const answers = [...(await paused.submit(['a', 'b']))];
    const stopped = paused.faultAt('anchor-read', 'stop');
    const late = paused.submit(['late']);
    await stopped;
    // Waits for the server to give up on the stopped one, which takes less than the patience of those who wait for its lock.
    answers.push(...(await other.submit(['c', 'd'])), ...(await other.submit(['e'])));
    paused.goOn();
    const [lost] = await late;
    expect(lost).toMatchObject({ code: 'UNAVAILABLE' });
    expect((await auditLog(database.ownerUrl, NAME)).size).toBe(5);
    answers.push(...(await paused.submit(['late'])));
    const sequenced = answers.filter(isSequenced);
    expect(sequenced).toHaveLength(6);
    expect(sequenced.at(-1)).toMatchObject({ index: 5n, duplicate: false });
    expectConsistent(await auditLog(database.ownerUrl, NAME), sequenced);
  }, 60_000);

  it('between COMMIT and its swap finds that the other one went past, and answers for what is stored', async () => {
    const paused = await start();
    const other = await start();
    const stopped = paused.faultAt('before-swap', 'stop');
    const late = paused.submit(['a', 'b']);
    await stopped;
    const answers = [...(await other.submit(['c'])), ...(await other.submit(['a', 'd']))];
    expect(await anchoredSize()).toBe(4n);
    paused.goOn();
    answers.push(...(await late));
    const sequenced = answers.filter(isSequenced);
    expect(sequenced.map(({ index }) => index)).toEqual([2n, 0n, 3n, 0n, 1n]);
    expect(await anchoredSize()).toBe(4n);
    expectConsistent(await auditLog(database.ownerUrl, NAME), sequenced);
  }, 60_000);
});

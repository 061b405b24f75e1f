import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT, hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { setTimeout as delay } from 'node:timers/promises';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { auditLog } from '../testonly/audit.ts';
import { temporaryDirectory } from '../testonly/engine.ts';
import { POINTS, type Fault, type Point } from '../testonly/faults.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { isSequenced, startReplica, type ReplicaProcess } from '../testonly/replica-client.ts';
import type { Sequenced } from './submission.ts';

const NAME = 'test';
const BATCH = 5;

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let victim: ReplicaProcess;
let other: ReplicaProcess;
const keyPem = PrivateKeySigner.generate('P-256').toEncryptedPem('correct horse');
/** Everything that any client was ever told, over all rows of the matrix. */
const acknowledged: Sequenced<string>[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
  [victim, other] = await Promise.all([start(), start()]);
}, 60_000);

afterAll(async () => {
  await victim?.kill();
  await other?.kill();
  await anchors?.remove();
  await postgres?.stop();
});

function start(): Promise<ReplicaProcess> {
  return startReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: anchors.path,
    name: NAME,
    keyPem,
    passphrase: 'correct horse',
  });
}

/** A client that submits until it is told that all is in the log. */
async function insist(replica: () => ReplicaProcess, texts: readonly string[]): Promise<void> {
  for (let open = texts; open.length > 0;) {
    const answers = await replica().submit(open);
    acknowledged.push(...answers.filter(isSequenced));
    for (const answer of answers) if (!isSequenced(answer)) expect(answer.code).toBe('UNAVAILABLE');
    open = open.filter((_, i) => answers[i] === undefined || !isSequenced(answers[i]));
    if (open.length > 0) await delay(20);
  }
}

const databaseStops = (): Promise<void> => postgres.restart('immediate');

/** The victim is interrupted while both replicas write; its client tries again at the other one, and later at the victim itself. */
async function interrupt(at: Point, how: Fault, meanwhile: () => Promise<unknown>): Promise<void> {
  const [mine, shared, theirs] = ['mine', 'shared', 'theirs'].map((who) =>
    Array.from({ length: BATCH }, (_, i) => `${at} ${how} ${meanwhile.name} ${who} ${i}`),
  ) as [string[], string[], string[]];
  const reached = victim.faultAt(at, how);
  const lost = victim.submit([...mine, ...shared]);
  expect(await reached).toBe(true);
  await meanwhile();
  const elsewhere = insist(() => other, [...shared, ...theirs]);
  if (how === 'kill') {
    await victim.kill();
    victim = await start();
  }
  if (how === 'hold') victim.goOn();
  await elsewhere;
  if (how === 'stop') victim.goOn();
  acknowledged.push(...(await lost).filter(isSequenced));
  await insist(() => victim, [...mine, ...shared]);
  await expectOneHistory([...mine, ...shared, ...theirs]);
}

/** Stored rows recomputed from the entries, and every answer ever given against them. */
async function expectOneHistory(submitted: readonly string[]): Promise<void> {
  const audit = await auditLog(database.ownerUrl, NAME);
  const roots = new Map<bigint, string>([[0n, encodeHex(EMPTY_ROOT)]]);
  const range = CompactRange.empty();
  for (const entry of audit.entries) {
    range.append(hashLeaf(encodeUtf8(entry)));
    roots.set(range.size, encodeHex(range.root()));
  }
  for (const { index, head, entry, inclusionProof, seal } of acknowledged) {
    expect(Buffer.from(entry).toString()).toBe(audit.entries[Number(index)]);
    expect(encodeHex(head.root)).toBe(roots.get(head.size));
    expect(seal).toBe(`sealed ${head.size}`);
    verifyInclusion(index, head.size, hashLeaf(entry), inclusionProof, head.root);
  }
  expect(new Set(audit.entries).size).toBe(audit.size);
  expect(submitted.filter((text) => !audit.entries.includes(text))).toEqual([]);
  const anchored = await (await FileAnchor.open(`${anchors.path}/${NAME}`)).read();
  expect(anchored?.size).toBe(BigInt(audit.size));
  // One place is given out as new at most once.
  const fresh = acknowledged.filter(({ duplicate }) => !duplicate).map(({ index }) => index);
  expect(new Set(fresh).size).toBe(fresh.length);
}

const nothing = (): Promise<void> => Promise.resolve();

describe.each(POINTS)('two replicas write, and one at the point %s', (at) => {
  it('is killed', () => interrupt(at, 'kill', nothing), 60_000);
  it('is stopped, and goes on after the other one went past', () => interrupt(at, 'stop', nothing), 60_000);
  it('loses its connections', () => interrupt(at, 'drop', nothing), 60_000);
  it('finds the database stopped as by a crash', () => interrupt(at, 'hold', databaseStops), 60_000);
  it('is killed together with the database', () => interrupt(at, 'kill', databaseStops), 60_000);
});

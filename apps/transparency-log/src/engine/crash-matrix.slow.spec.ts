import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeHex, encodeHex } from '@sigstead/encoding';
import { CompactRange, EMPTY_ROOT, verifyInclusion } from '@sigstead/merkle';
import { verifyTileLog, type TileLogReport } from '@sigstead/tiles';
import { setTimeout as delay } from 'node:timers/promises';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { auditLog } from '../testonly/audit.ts';
import { openReplica, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { POINTS, type Fault, type Point } from '../testonly/faults.ts';
import { LOGS_UNDER_TEST, type KindUnderTest, type LogUnderTest } from '../testonly/log-kinds.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { isSequenced, startReplica, type ReplicaProcess } from '../testonly/replica-client.ts';
import { TileServer } from '../tiles/serve-tile.ts';
import { TileReader } from '../tiles/tile-reader.ts';
import type { Sequenced } from './submission.ts';

const NAME = 'test';
const BATCH = 5;
/** Where CT logs have what their entries refer to. */
const ISSUERS = 'issuer/';

const KINDS = Object.keys(LOGS_UNDER_TEST) as KindUnderTest[];

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let kind: KindUnderTest;
let victim: ReplicaProcess;
let other: ReplicaProcess;
const signer = PrivateKeySigner.generate('P-256');
const keyPem = signer.toEncryptedPem('correct horse');
/** Everything that any client was ever told, over all rows of the matrix. */
let acknowledged: Sequenced<string>[];

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

async function begin(of: KindUnderTest): Promise<void> {
  kind = of;
  acknowledged = [];
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
  [victim, other] = await Promise.all([start(), start()]);
}

async function end(): Promise<void> {
  await victim?.kill();
  await other?.kill();
  await anchors?.remove();
}

function start(): Promise<ReplicaProcess> {
  return startReplica({
    kind,
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
  const { storedText, entries, assertSeal }: LogUnderTest = LOGS_UNDER_TEST[kind];
  const audit = await auditLog(database.ownerUrl, NAME, entries);
  const roots = new Map<bigint, string>([[0n, encodeHex(EMPTY_ROOT)]]);
  const range = CompactRange.empty();
  for (const leafHash of audit.leafHashes) {
    range.append(leafHash);
    roots.set(range.size, encodeHex(range.root()));
  }
  for (const { index, head, entry, inclusionProof, seal } of acknowledged) {
    expect(entries.text(entry)).toBe(audit.entries[Number(index)]);
    expect(encodeHex(head.root)).toBe(roots.get(head.size));
    assertSeal(seal, head, signer.publicKey);
    verifyInclusion(index, head.size, entries.leafHash(entry), inclusionProof, head.root);
  }
  expect(new Set(audit.entries).size).toBe(audit.size);
  expect(submitted.filter((text) => !audit.entries.includes(storedText(text)))).toEqual([]);
  const anchored = await (await FileAnchor.open(`${anchors.path}/${NAME}`)).read();
  expect(anchored?.size).toBe(BigInt(audit.size));
  // One place is given out as new at most once.
  const fresh = acknowledged.filter(({ duplicate }) => !duplicate).map(({ index }) => index);
  expect(new Set(fresh).size).toBe(fresh.length);
}

/** What a reader of the public side sees, who trusts nothing but the published head. */
async function verifyServed(): Promise<TileLogReport> {
  const { identityOf, timestamps, served, verified, sealBy }: LogUnderTest = LOGS_UNDER_TEST[kind];
  const reader = await openReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: anchors.path,
    name: NAME,
    identity: identityOf(NAME),
    timestamps,
    seal: sealBy(signer),
    signer,
  });
  try {
    const tiles = new TileServer(new TileReader(reader.log), served);
    const { size, root } = await reader.log.publication.head();
    return await verifyTileLog({
      head: { size, rootHash: root },
      format: verified(),
      fetchResource: async (path) => {
        if (path.startsWith(ISSUERS)) return issuerAt(reader.log.reader, path.slice(ISSUERS.length));
        const { status, body } = await tiles.serve(path, undefined);
        return status === 200 ? body : undefined;
      },
    });
  } finally {
    await reader.close();
  }
}

async function issuerAt(reader: Replica['log']['reader'], hex: string): Promise<Uint8Array | undefined> {
  return (await reader.issuers([decodeHex(hex)])).get(hex);
}

const nothing = (): Promise<void> => Promise.resolve();

describe.each(KINDS)('a log of kind %s', (of) => {
  beforeAll(() => begin(of), 60_000);
  afterAll(end);

  describe.each(POINTS)('two replicas write, and one at the point %s', (at) => {
    it('is killed', () => interrupt(at, 'kill', nothing), 60_000);
    it('is stopped, and goes on after the other one went past', () => interrupt(at, 'stop', nothing), 60_000);
    it('loses its connections', () => interrupt(at, 'drop', nothing), 60_000);
    it('finds the database stopped as by a crash', () => interrupt(at, 'hold', databaseStops), 60_000);
    it('is killed together with the database', () => interrupt(at, 'kill', databaseStops), 60_000);
  });

  it('serves what can be verified when all is over', async () => {
    const { size } = await auditLog(database.ownerUrl, NAME, LOGS_UNDER_TEST[of].entries);
    expect(size).toBeGreaterThan(256);
    expect(await verifyServed()).toMatchObject({ discrepancies: [], entries: BigInt(size) });
  });
});

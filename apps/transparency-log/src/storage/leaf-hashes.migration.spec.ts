import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureDatabase, runMigrations, withCredentials } from '@sigstead/postgres';
import { addAttestations } from './attestations.migration.ts';
import { createSchema } from './create-schema.migration.ts';
import { migrateTransparencyLog } from './migrate.ts';
import { addRekorV2 } from './rekor-v2.migration.ts';
import {
  openReplica,
  placedSubmission,
  submission,
  temporaryDirectory,
  type Replica,
} from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';

const OWNER = { name: 'tlog_owner', password: 'owner' };
const SERVICE = { name: 'tlog_service', password: 'service' };
const NAME = 'ct-test';

let postgres: TestPostgres;
let anchors: { path: string; remove(): Promise<void> };
let url: string;
let serviceUrl: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  // Makes the roles.
  await postgres.createDatabase();
  anchors = await temporaryDirectory();
  const database = 'tlog_before';
  await ensureDatabase(postgres.server.url, database, OWNER.name);
  url = withCredentials(postgres.server.url, { role: OWNER, database });
  serviceUrl = withCredentials(postgres.server.url, { role: SERVICE, database });
  const migrations = [createSchema, addAttestations, addRekorV2].map((make) => make(SERVICE.name));
  await runMigrations({ url, schema: 'tlog', migrations });
}, 60_000);

afterAll(async () => {
  await anchors?.remove();
  await postgres?.stop();
});

const open = (): Promise<Replica> =>
  openReplica({
    databaseUrl: serviceUrl,
    anchorDirectory: anchors.path,
    name: NAME,
    timestamps: 'entry',
    identity: { kind: 'ct', name: NAME, origin: NAME, treeId: undefined },
  });

async function append(replica: Replica, from: number, to: number): Promise<void> {
  const texts = Array.from({ length: to - from }, (_, i) => `leaf ${from + i}`);
  await Promise.all(texts.map((text) => replica.log.sequencer.submit(placedSubmission(text))));
}

/** Every leaf hash in the chunks, with the place the log gives for it. */
async function expectLocated(replica: Replica, size: number): Promise<void> {
  const { reader } = replica.log;
  const hashes = (await reader.entries(Array.from({ length: size }, (_, i) => BigInt(i)))).map(
    (entry) => entry.leafHash,
  );
  const places = await Promise.all(hashes.map((hash) => reader.indexOfLeaf(hash)));
  expect(places).toEqual(hashes.map((_, i) => BigInt(i)));
  const [count] = await runSql(url, 'SELECT count(*)::int AS n FROM tlog.leaf_hash');
  expect(count).toEqual({ n: size });
}

describe('leaves of a CT log', () => {
  it('are located: those stored before, and those that come', async () => {
    const before = await open();
    await append(before, 0, 300);
    await before.close();
    expect(await migrateTransparencyLog({ url, serviceRole: SERVICE.name })).toEqual([
      'AddLeafHashes1700000003000',
    ]);
    const replica = await open();
    await expectLocated(replica, 300);
    await append(replica, 300, 700);
    await expectLocated(replica, 700);
    expect(await replica.log.reader.indexOfLeaf(new Uint8Array(32))).toBeUndefined();
    await replica.close();
  }, 30_000);

  it('are located in their own log, and those of other kinds are not', async () => {
    const rekor = await openReplica({ databaseUrl: serviceUrl, anchorDirectory: anchors.path });
    const { entry } = await rekor.log.sequencer.submit(submission('not of a CT log'));
    const { leafHash } = submission(Buffer.from(entry).toString()).encode(0n, 0n);
    expect(await rekor.log.reader.indexOfLeaf(leafHash)).toBeUndefined();
    const [row] = await runSql(url, `SELECT encode(hash, 'hex') AS hash FROM tlog.leaf_hash LIMIT 1`);
    const hash = Buffer.from(String(row?.['hash']), 'hex');
    expect(await rekor.log.reader.indexOfLeaf(hash)).toBeUndefined();
    await rekor.close();
  });

  it.each(['UPDATE tlog.leaf_hash SET idx = 9', 'DELETE FROM tlog.leaf_hash', 'TRUNCATE tlog.leaf_hash'])(
    'stay where they are: %s',
    async (change) => {
      await expect(runSql(serviceUrl, change)).rejects.toMatchObject({ code: '42501' });
      await expect(runSql(url, change)).rejects.toMatchObject({ code: '23001' });
    },
  );
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeHex, type JsonObject } from '@sigstead/encoding';
import { verifyConsistency } from '@sigstead/merkle';
import { verifyCheckpoint } from '@sigstead/tlog';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogInfoJson } from './log-entry-json.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { expectError, RekorApi } from '../testonly/rekor-api.ts';
import {
  install,
  startService,
  TREE_ID,
  type Installation,
  type RunningService,
} from '../testonly/service.ts';

const SECOND_TREE = '77';
const secondSigner = PrivateKeySigner.generate('P-256');

let postgres: TestPostgres;
let database: TestDatabase;
let installation: Installation;
let running: RunningService;
let before: string[];
let after: string[];
let repeated: string;

const first = new RekorApi(() => ({ url: running.url, treeId: TREE_ID, key: installation.rekorKey }));
const second = new RekorApi(() => ({ url: running.url, treeId: SECOND_TREE, key: secondSigner.publicKey }));

/** A log of three entries that was closed, and one of two that goes on. */
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  installation = await install(await makeAuthority());
  running = await startService(installation, database.serviceUrl);
  before = [];
  const entries = await Promise.all([1, 2, 3].map((i) => hashedRekord(`shard ${i}`)));
  for (const entry of entries) before.push((await first.create(entry)).id);
  await running.service.close();
  await runSql(database.ownerUrl, `UPDATE tlog.log SET state = 'frozen' WHERE tree_id = ${TREE_ID}`);
  await addShard('3');
  running = await startService(installation, database.serviceUrl);
  after = [(await second.create(await hashedRekord('shard 4'))).id];
  ({ id: repeated } = await second.create(entries[0]));
}, 60_000);

afterAll(async () => {
  await running?.service.close();
  await installation?.remove();
  await postgres?.stop();
});

async function addShard(treeLength: string): Promise<void> {
  await writeFile(join(installation.directory, 'rekor-2.pem'), secondSigner.toEncryptedPem('correct horse'));
  const logs = JSON.parse(await readFile(installation.logsFile, 'utf8')) as JsonObject[];
  const [rekor, ...others] = logs.filter(({ treeId }) => treeId !== SECOND_TREE);
  const { treeLength: _, ...settings } = rekor ?? {};
  const next = { ...settings, treeId: SECOND_TREE, keyFile: 'rekor-2.pem' };
  const shards = [{ ...rekor, treeLength }, next, ...others];
  await writeFile(installation.logsFile, JSON.stringify(shards));
}

const info = async (): Promise<LogInfoJson> => (await (await first.get('/api/v1/log')).json()) as LogInfoJson;

describe('a log of several shards', () => {
  it('has one row of indexes over all shards, and proofs in each', async () => {
    const read = await first.retrieve({ logIndexes: [4, 3, 2, 1, 0, 5] });
    expect(read.map(([id]) => id)).toEqual([repeated, after[0], before[2], before[1], before[0]]);
    expect(read.map(([, { logIndex }]) => logIndex)).toEqual([4, 3, 2, 1, 0]);
    expect(read.map(([, { verification }]) => verification.inclusionProof.logIndex)).toEqual([1, 0, 2, 1, 0]);
    for (const [id, value] of read.slice(0, 2)) second.verify(id, value);
    for (const [id, value] of read.slice(2)) first.verify(id, value);
  });

  it('gives an entry by index and by full ID from the shard it is in', async () => {
    for (const [path, id] of [
      ['?logIndex=2', before[2]],
      ['?logIndex=3', after[0]],
      [`/${before[1]}`, before[1]],
      [`/${after[0]}`, after[0]],
    ] as const) {
      const answer = (await (await first.get(`/api/v1/log/entries${path}`)).json()) as JsonObject;
      expect(Object.keys(answer)).toEqual([id]);
    }
    expect((await first.get('/api/v1/log/entries?logIndex=5')).status).toBe(404);
  });

  it('takes an entry of an inactive shard again, and finds both, the active one first', async () => {
    expect(repeated.slice(16)).toBe(before[0]?.slice(16));
    const leafHash = repeated.slice(16);
    const found = await first.retrieve({ entryUUIDs: [leafHash] });
    expect(found.map(([id]) => id).sort()).toEqual([before[0], repeated].sort());
    const single = (await (await first.get(`/api/v1/log/entries/${leafHash}`)).json()) as JsonObject;
    expect(Object.keys(single)).toEqual([repeated]);
  });

  it('tells of the active shard and of those before', async () => {
    const { inactiveShards, ...active } = await info();
    expect(active).toMatchObject({ treeID: SECOND_TREE, treeSize: 2 });
    expect(inactiveShards).toMatchObject([{ treeID: TREE_ID, treeSize: 3 }]);
    verifyCheckpoint(active.signedTreeHead, secondSigner.publicKey, 'localhost');
    verifyCheckpoint(inactiveShards?.[0]?.signedTreeHead ?? '', installation.rekorKey, 'localhost');
  });

  it('signs the head of the active shard on every answer, that of an inactive one once', async () => {
    const [a, b] = [await info(), await info()];
    expect(a.signedTreeHead).not.toBe(b.signedTreeHead);
    expect(a.inactiveShards?.[0]?.signedTreeHead).toBe(b.inactiveShards?.[0]?.signedTreeHead);
  });

  it('has a key for every shard', async () => {
    const key = async (query: string): Promise<string> =>
      (await first.get(`/api/v1/log/publicKey${query}`)).text();
    expect(await key('')).toBe(secondSigner.publicKey.toPem());
    expect(await key(`?treeID=${SECOND_TREE}`)).toBe(secondSigner.publicKey.toPem());
    expect(await key(`?treeID=${TREE_ID}`)).toBe(installation.rekorKey.toPem());
  });

  it('proves consistency within each shard', async () => {
    const proof = async (query: string): Promise<{ hashes: string[]; rootHash: string }> =>
      (await (await first.get(`/api/v1/log/proof?${query}`)).json()) as {
        hashes: string[];
        rootHash: string;
      };
    const { rootHash, inactiveShards } = await info();
    expect((await proof('lastSize=2')).rootHash).toBe(rootHash);
    const old = await proof(`lastSize=3&treeID=${TREE_ID}`);
    expect(old.rootHash).toBe(inactiveShards?.[0]?.rootHash);
    const leaf = decodeHex((before[0] ?? '').slice(16));
    verifyConsistency(1n, 3n, old.hashes.map(decodeHex), leaf, decodeHex(old.rootHash));
    await expectError(
      await first.get('/api/v1/log/proof?lastSize=3'),
      400,
      400,
      'the tree size requested(3) was greater than what is currently observable(2)',
    );
  });

  it('is searched over all shards, newest first, in pages too', async () => {
    const entry = await hashedRekord('shard 1');
    const { hash } = (entry['spec'] as { data: { hash: { value: string } } }).data;
    expect(await first.search({ hash: hash.value })).toEqual([repeated, before[0]]);
    expect(await first.search({ hash: hash.value, limit: 1 })).toEqual([repeated]);
    expect(await first.search({ hash: hash.value, limit: 5, before: 4 })).toEqual([before[0]]);
  });

  it('does not start when an inactive shard has another length than it is said to have', async () => {
    await running.service.close();
    await addShard('2');
    await expect(startService(installation, database.serviceUrl)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/has 3 entries, configured is the final size 2/) as unknown,
    });
    await addShard('3');
    running = await startService(installation, database.serviceUrl);
    expect((await info()).treeSize).toBe(2);
  });
});

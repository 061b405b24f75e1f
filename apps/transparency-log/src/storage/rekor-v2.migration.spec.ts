import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureDatabase, runMigrations, withCredentials } from '@sigstead/postgres';
import { openReplica, submission, temporaryDirectory } from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestPostgres } from '../testonly/postgres.ts';
import { addAttestations } from './attestations.migration.ts';
import { createSchema } from './create-schema.migration.ts';
import { migrateTransparencyLog } from './migrate.ts';

const OWNER = { name: 'tlog_owner', password: 'owner' };
const SERVICE = { name: 'tlog_service', password: 'service' };

let postgres: TestPostgres;
let anchors: { path: string; remove(): Promise<void> };
let ownerUrl: string;
let serviceUrl: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  // Makes the roles.
  await postgres.createDatabase();
  anchors = await temporaryDirectory();
  const database = 'tlog_before_v2';
  await ensureDatabase(postgres.server.url, database, OWNER.name);
  ownerUrl = withCredentials(postgres.server.url, { role: OWNER, database });
  serviceUrl = withCredentials(postgres.server.url, { role: SERVICE, database });
  await runMigrations({
    url: ownerUrl,
    schema: 'tlog',
    migrations: [createSchema(SERVICE.name), addAttestations(SERVICE.name)],
  });
  // As the version before wrote it: plain rows, since the engine of today writes more than that version had tables for.
  await runSql(
    ownerUrl,
    `INSERT INTO tlog.log (kind, name, origin, tree_id, key_id, size, root, frontier, last_timestamp_ms)
     VALUES ('rekor-v1', 'old', 'old - 1', 1, sha256('key'), 0, sha256(''), '', 7)`,
  );
  await migrateTransparencyLog({ url: ownerUrl, serviceRole: SERVICE.name });
}, 60_000);

afterAll(async () => {
  await anchors?.remove();
  await postgres?.stop();
});

describe('a database of the version before', () => {
  it('keeps its logs and takes those of Rekor v2', async () => {
    const replica = await openReplica({
      databaseUrl: serviceUrl,
      anchorDirectory: anchors.path,
      name: 'new',
      identity: { kind: 'rekor-v2', name: 'new', origin: 'new.test', treeId: undefined },
    });
    try {
      expect((await replica.log.sequencer.submit(submission('an entry'))).index).toBe(0n);
    } finally {
      await replica.close();
    }
    expect(await runSql(serviceUrl, 'SELECT kind, name FROM tlog.log ORDER BY id')).toEqual([
      { kind: 'rekor-v1', name: 'old' },
      { kind: 'rekor-v2', name: 'new' },
    ]);
  });

  it('takes no kind that is none, and no tree ID for Rekor v2', async () => {
    const insert = (kind: string, treeId: string) =>
      runSql(
        serviceUrl,
        `INSERT INTO tlog.log (kind, name, origin, tree_id, key_id, size, root, frontier, last_timestamp_ms)
         VALUES ('${kind}', 'x', 'x', ${treeId}, sha256('x'), 0, sha256(''), '', 0)`,
      );
    await expect(insert('rekor-v3', 'NULL')).rejects.toMatchObject({ code: '23514' });
    await expect(insert('rekor-v2', '1')).rejects.toMatchObject({ code: '23514' });
  });
});

describe('checkpoints that were kept', () => {
  const insert = `INSERT INTO tlog.checkpoint SELECT id, 0, 'a note' FROM tlog.log WHERE name = 'old'`;

  it('are one for each size, and final for everybody', async () => {
    await runSql(serviceUrl, insert);
    await expect(runSql(serviceUrl, insert)).rejects.toMatchObject({ code: '23505' });
    for (const change of [`UPDATE tlog.checkpoint SET note = ''`, 'DELETE FROM tlog.checkpoint']) {
      await expect(runSql(serviceUrl, change)).rejects.toMatchObject({ code: '42501' });
      await expect(runSql(ownerUrl, change)).rejects.toMatchObject({ code: '23001' });
    }
  });
});

describe('when a log was frozen', () => {
  const insert = `INSERT INTO tlog.freeze SELECT id, 7 FROM tlog.log WHERE name = 'old'`;

  it('is for the owner to say, once', async () => {
    await expect(runSql(serviceUrl, insert)).rejects.toMatchObject({ code: '42501' });
    await runSql(ownerUrl, insert);
    expect(await runSql(serviceUrl, 'SELECT at_ms FROM tlog.freeze')).toEqual([{ at_ms: '7' }]);
    await expect(runSql(ownerUrl, 'UPDATE tlog.freeze SET at_ms = 8')).rejects.toMatchObject({
      code: '23001',
    });
  });
});

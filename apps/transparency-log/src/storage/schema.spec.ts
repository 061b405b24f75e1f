import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { prepareDatabase, withCredentials } from '@sigstead/postgres';
import { migrateTransparencyLog } from './migrate.ts';
import { INSERT_ONLY_TABLES as FIRST_TABLES } from './create-schema.migration.ts';
import {
  openReplica,
  placedSubmission,
  submission,
  temporaryDirectory,
  type Replica,
} from '../testonly/engine.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let anchors: { path: string; remove(): Promise<void> };
let replica: Replica;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  anchors = await temporaryDirectory();
  replica = await openReplica({ databaseUrl: database.serviceUrl, anchorDirectory: anchors.path });
  await Promise.all(
    Array.from({ length: 256 }, (_, i) => replica.log.sequencer.submit(submission(`entry ${i}`))),
  );
  await replica.log.sequencer.submit(placedSubmission('with an issuer'));
  const attested = { ...submission('attested'), attestation: encodeUtf8('an attestation') };
  await replica.log.sequencer.submit(attested);
}, 60_000);

afterAll(async () => {
  await replica?.close();
  await anchors?.remove();
  await postgres?.stop();
});

const INSERT_ONLY_TABLES = [...FIRST_TABLES, 'attestation'] as const;
const COLUMN: Readonly<Record<(typeof INSERT_ONLY_TABLES)[number], string>> = {
  chunk: 'timestamp_ms = 0',
  tile: 'level = 1',
  ident: 'idx = 9',
  search_key: "key = 'x'",
  tree_head: 'timestamp_ms = 0',
  issuer: "der = ''::bytea",
  attestation: 'log_id = 9',
};

describe.each(INSERT_ONLY_TABLES)('rows of %s', (table) => {
  const changes = [
    `UPDATE tlog.${table} SET ${COLUMN[table]}`,
    `DELETE FROM tlog.${table}`,
    `TRUNCATE tlog.${table}`,
  ];

  it('exist, so that refusing to change them means something', async () => {
    expect((await runSql(database.serviceUrl, `SELECT 1 FROM tlog.${table} LIMIT 1`)).length).toBe(1);
  });

  it.each(changes)('are not for the service to change: %s', async (change) => {
    await expect(runSql(database.serviceUrl, change)).rejects.toMatchObject({ code: '42501' });
  });

  it.each(changes)('are final for the owner as well: %s', async (change) => {
    await expect(runSql(database.ownerUrl, change)).rejects.toMatchObject({ code: '23001' });
  });
});

describe('the row of a log', () => {
  it.each([
    `UPDATE tlog.log SET origin = 'x'`,
    `UPDATE tlog.log SET key_id = sha256('x')`,
    `UPDATE tlog.log SET state = 'active'`,
    'DELETE FROM tlog.log',
    'TRUNCATE tlog.log CASCADE',
  ])('keeps what is fixed, for the service: %s', async (change) => {
    await expect(runSql(database.serviceUrl, change)).rejects.toMatchObject({ code: '42501' });
  });

  it.each([
    'UPDATE tlog.log SET size = size - 1',
    `UPDATE tlog.log SET root = sha256('x')`,
    'UPDATE tlog.log SET last_timestamp_ms = 0',
  ])('only grows: %s', async (change) => {
    await expect(runSql(database.serviceUrl, change)).rejects.toMatchObject({ code: '23001' });
  });

  it.each([`UPDATE tlog.log SET origin = 'x'`, 'DELETE FROM tlog.log', 'TRUNCATE tlog.log CASCADE'])(
    'keeps what is fixed, for the owner: %s',
    async (change) => {
      await expect(runSql(database.ownerUrl, change)).rejects.toMatchObject({ code: '23001' });
    },
  );
});

describe('a log', () => {
  it('has one root per size', async () => {
    const insert = `INSERT INTO tlog.tree_head SELECT log_id, size, sha256('x'), 0 FROM tlog.tree_head LIMIT 1`;
    await expect(runSql(database.serviceUrl, insert)).rejects.toMatchObject({ code: '23505' });
  });

  it('cannot be opened with another key', async () => {
    await runSql(
      database.serviceUrl,
      `INSERT INTO tlog.log (kind, name, origin, tree_id, key_id, size, root, frontier, last_timestamp_ms)
       VALUES ('rekor-v1', 'other', 'test other', 1, sha256('another key'), 0, sha256(''), '', 0)`,
    );
    const open = openReplica({
      databaseUrl: database.serviceUrl,
      anchorDirectory: anchors.path,
      name: 'other',
    });
    await expect(open).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/made with the key/) as unknown,
    });
  });

  it('cannot be opened with another origin', async () => {
    await runSql(
      database.serviceUrl,
      `INSERT INTO tlog.log (kind, name, origin, tree_id, key_id, size, root, frontier, last_timestamp_ms)
       SELECT 'rekor-v1', 'third', 'another origin', 1, key_id, 0, sha256(''), '', 0 FROM tlog.log WHERE name = 'test'`,
    );
    const open = openReplica({
      databaseUrl: database.serviceUrl,
      anchorDirectory: anchors.path,
      name: 'third',
    });
    await expect(open).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/made with the origin/) as unknown,
    });
  });
});

describe('the migration', () => {
  it('does nothing a second time, also when run twice at once', async () => {
    const options = { url: database.ownerUrl, serviceRole: 'tlog_service' };
    expect(await Promise.all([migrateTransparencyLog(options), migrateTransparencyLog(options)])).toEqual([
      [],
      [],
    ]);
  });

  it('refuses a role name that is no name', async () => {
    const options = {
      url: database.ownerUrl.replace(/tlog_\d+$/, 'postgres'),
      serviceRole: 'a"; DROP TABLE x',
    };
    await expect(migrateTransparencyLog(options)).rejects.toMatchObject({ name: 'PostgresError' });
  });

  it('is not for the service role', async () => {
    const create = runSql(database.serviceUrl, 'CREATE TABLE tlog.x ()');
    await expect(create).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a server that has nothing yet', () => {
  it('is prepared, by several at once as well, so that the migration and then the service can connect', async () => {
    const owner = { name: 'fresh_owner', password: 'owner/@: ö' };
    const service = { name: 'fresh-service', password: "it's" };
    const preparation = { adminUrl: postgres.server.url, owner, service, database: 'fresh' };
    await Promise.all([1, 2, 3].map(() => prepareDatabase(preparation)));
    const ownerUrl = withCredentials(postgres.server.url, { role: owner, database: 'fresh' });
    const applied = await migrateTransparencyLog({ url: ownerUrl, serviceRole: service.name });
    expect(applied.length).toBeGreaterThan(0);
    const serviceUrl = withCredentials(postgres.server.url, { role: service, database: 'fresh' });
    expect(await runSql(serviceUrl, 'SELECT count(*) AS n FROM tlog.log')).toEqual([{ n: '0' }]);
    // A new password is set on the next run.
    await prepareDatabase({ ...preparation, service: { ...service, password: 'changed' } });
    await expect(runSql(serviceUrl, 'SELECT 1')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});

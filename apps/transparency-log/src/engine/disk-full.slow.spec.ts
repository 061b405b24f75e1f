import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FileAnchor } from '../anchor/file-anchor.ts';
import type { LogEntryValue } from '../rekor/log-entry-json.ts';
import { auditLog, type Audit } from '../testonly/audit.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { temporaryDirectory } from '../testonly/engine.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { canLimitFileSize, limitFileSize } from '../testonly/file-size-limit.ts';
import { runSql, startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { onlyEntry, RekorApi } from '../testonly/rekor-api.ts';
import { isSequenced, startReplica } from '../testonly/replica-client.ts';
import {
  install,
  startService,
  TREE_ID,
  type Installation,
  type RunningService,
} from '../testonly/service.ts';

const LOG = `rekor-v1-${TREE_ID}`;
const MIB = 1024 * 1024;
/** A file of the write-ahead log has this size from its beginning; no limit below it leaves PostgreSQL running. */
const WAL_SEGMENT = 16 * MIB;
const PAGE = 8192;
/** Chunks of 1,900 bytes in a page. */
const FILLERS_PER_PAGE = 4;
const REFUSALS = 5;

const describeIfLimits = (await canLimitFileSize()) ? describe : describe.skip;

let postgres: TestPostgres;
let database: TestDatabase;
const keyPem = PrivateKeySigner.generate('P-256').toEncryptedPem('correct horse');

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  database = await postgres.createDatabase();
});

/** Lets chunks of another log take the room. */
async function fillTable(bytes: number): Promise<void> {
  const [filler] = await runSql(
    database.ownerUrl,
    `INSERT INTO tlog.log (kind, name, origin, key_id, size, root, frontier, last_timestamp_ms)
     VALUES ('rekor-v2', 'filler', 'filler', decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'), '', 0)
     RETURNING id`,
  );
  const pages = Math.floor(bytes / PAGE) - (await chunkBytes()) / PAGE;
  await runSql(
    database.ownerUrl,
    `INSERT INTO tlog.chunk (log_id, first_index, n, timestamp_ms, entries, leaf_hashes)
     SELECT ${String(filler?.['id'])}, i, 1, 0, decode(repeat('00', 1900), 'hex'), decode(repeat('00', 32), 'hex')
     FROM generate_series(0, ${pages * FILLERS_PER_PAGE} - 1) AS i`,
  );
}

async function chunkBytes(): Promise<number> {
  const [row] = await runSql(database.ownerUrl, `SELECT pg_relation_size('tlog.chunk')::int AS bytes`);
  return row?.['bytes'] as number;
}

async function serviceBackends(): Promise<number[]> {
  const rows = await runSql(
    postgres.server.url,
    `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sigstead%' AND backend_type = 'client backend'`,
  );
  return rows.map(({ pid }) => pid as number);
}

/** A limit holds for sessions that begin after it. */
async function endServiceSessions(): Promise<void> {
  for (const pid of await serviceBackends())
    await runSql(postgres.server.url, `SELECT pg_terminate_backend(${pid}, 5000)`);
}

/** Another one when PostgreSQL has fallen and recovered. */
async function checkpointerStart(): Promise<string> {
  const [row] = await runSql(
    postgres.server.url,
    `SELECT backend_start::text AS start FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
  );
  return row?.['start'] as string;
}

async function moveWalBeyond(bytes: number): Promise<void> {
  const offset = async (): Promise<number> => {
    const [row] = await runSql(
      postgres.server.url,
      'SELECT file_offset AS bytes FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())',
    );
    return row?.['bytes'] as number;
  };
  while ((await offset()) <= bytes)
    await runSql(
      postgres.server.url,
      `SELECT pg_logical_emit_message(false, 'filler', repeat('0', ${bytes}))`,
    );
}

describeIfLimits('PostgreSQL without room, two replicas writing', () => {
  let installation: Installation;
  let services: RunningService[];
  let apis: RekorApi[];
  /** Everything that any client was ever told. */
  let acknowledged: Map<string, LogEntryValue>;

  beforeEach(async () => {
    acknowledged = new Map();
    installation = await install(await makeAuthority());
    services = [];
    for (let i = 0; i < 2; i++) services.push(await startService(installation, database.serviceUrl));
    apis = services.map(
      ({ url }) => new RekorApi(() => ({ url, treeId: TREE_ID, key: installation.rekorKey })),
    );
  });

  afterEach(async () => {
    await Promise.all(services.map(({ service }) => service.close()));
    await installation.remove();
  });

  /** @returns the status; an entry that was taken is kept */
  async function submit(api: RekorApi, artifact: string): Promise<number> {
    const answer = await api.post('/api/v1/log/entries', await hashedRekord(artifact));
    if (answer.status === 201) {
      const { id, value } = onlyEntry((await answer.json()) as Record<string, LogEntryValue>);
      acknowledged.set(id, value);
    } else if (answer.status === 503) {
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    return answer.status;
  }

  /** Until it is in the log: what was refused may be stored nevertheless. */
  async function insist(api: RekorApi, artifact: string): Promise<void> {
    for (;;) {
      const status = await submit(api, artifact);
      if (status === 201 || status === 409) return;
      expect(status).toBe(503);
      await delay(50);
    }
  }

  /** Stored rows recomputed from the entries, and every answer against them, through both replicas. */
  async function expectNothingLost(): Promise<Audit> {
    const audit = await auditLog(database.ownerUrl, LOG);
    for (const [i, [id, value]] of [...acknowledged].entries()) {
      const api = apis[i % apis.length] as RekorApi;
      api.verify(id, value);
      expect(audit.entries[value.logIndex]).toBe(Buffer.from(value.body, 'base64').toString());
      const now = (await (await api.get(`/api/v1/log/entries/${id}`)).json()) as Record<
        string,
        LogEntryValue
      >;
      expect(now[id]).toMatchObject({ logIndex: value.logIndex, body: value.body });
    }
    expect(new Set(audit.entries).size).toBe(audit.size);
    return audit;
  }

  it('for its tables: refuses submissions with 503, is read, loses nothing, and goes on when there is room', async () => {
    for (const [i, api] of apis.entries()) expect(await submit(api, `before ${i}`)).toBe(201);
    await fillTable(WAL_SEGMENT - 6 * PAGE);
    await limitFileSize(postgres.server.pid, WAL_SEGMENT);
    await endServiceSessions();
    const refused: string[] = [];
    const write = async (api: RekorApi, name: string): Promise<void> => {
      for (let i = 0, inARow = 0; inARow < REFUSALS; i++) {
        const artifact = `${name} ${i}`;
        const status = await submit(api, artifact);
        inARow = status === 503 ? inARow + 1 : 0;
        if (status === 503) refused.push(artifact);
        else expect(status).toBe(201);
      }
    };
    await Promise.all(apis.map((api, i) => write(api, `writer ${i}`)));
    expect(acknowledged.size).toBeGreaterThan(apis.length);
    expect(await chunkBytes()).toBe(WAL_SEGMENT);
    for (const api of apis)
      for (let i = 0; i < REFUSALS; i++) expect(await submit(api, `late ${i}`)).toBe(503);
    for (const api of apis) expect((await api.get('/api/v1/log')).status).toBe(200);
    expect((await expectNothingLost()).size).toBe(acknowledged.size);

    await postgres.restart('fast');
    for (const [i, artifact] of refused.entries()) await insist(apis[i % 2] as RekorApi, artifact);
    expect((await expectNothingLost()).size).toBe(acknowledged.size);
  }, 180_000);

  it('for its write-ahead log: falls and recovers; nothing acknowledged is lost, and what was not is taken later', async () => {
    for (const [i, api] of apis.entries()) expect(await submit(api, `before ${i}`)).toBe(201);
    const started = await checkpointerStart();
    await moveWalBeyond(MIB);
    // Tables are far smaller, so that it is the log that has no room.
    for (const pid of await serviceBackends()) await limitFileSize(pid, MIB);
    await Promise.all(
      apis.flatMap((api, i) => Array.from({ length: 8 }, (_, n) => insist(api, `writer ${i} ${n}`))),
    );
    expect(await checkpointerStart()).not.toBe(started);
    const audit = await expectNothingLost();
    expect(audit.size).toBe(18);
  }, 180_000);
});

describeIfLimits('an anchor without room, two replicas writing', () => {
  it('publishes nothing and acknowledges nothing; what is committed is found when there is room', async () => {
    const anchors = await temporaryDirectory();
    const settings = { databaseUrl: database.serviceUrl, anchorDirectory: anchors.path, name: 'test' };
    const start = () => startReplica({ ...settings, keyPem, passphrase: 'correct horse' });
    const replicas = [await start(), await start()];
    const anchored = async () => (await (await FileAnchor.open(`${anchors.path}/test`)).read())?.size;
    try {
      for (const [i, replica] of replicas.entries())
        expect((await replica.submit([`before ${i}`])).filter(isSequenced)).toHaveLength(1);
      for (const { pid } of replicas) await limitFileSize(pid, 0);
      for (const [i, replica] of replicas.entries()) {
        const answers = await replica.submit([`refused ${i}`, `refused as well ${i}`]);
        expect(answers).toMatchObject([{ code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' }]);
      }
      expect(await anchored()).toBe(2n);

      for (const { pid } of replicas) await limitFileSize(pid, 'unlimited');
      for (const [i, replica] of replicas.entries()) {
        const answers = await replica.submit([`refused ${i}`, `refused as well ${i}`, `after ${i}`]);
        expect(answers.filter(isSequenced)).toHaveLength(3);
      }
      const audit = await auditLog(database.ownerUrl, 'test');
      expect(new Set(audit.entries).size).toBe(8);
      expect(audit.size).toBe(8);
      expect(await anchored()).toBe(8n);
    } finally {
      for (const replica of replicas) await replica.kill();
      await anchors.remove();
    }
  }, 60_000);
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '@sigstead/postgres';
import { createLog, createService, type Service } from '@sigstead/server';
import { noteSigner } from '@sigstead/tlog';
import { AppModule } from '../app.module.ts';
import { explain } from '../explain.ts';
import { admitInThread } from '../rekor/entry-admission.ts';
import { openReplica, temporaryDirectory, type Replica } from '../testonly/engine.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '../testonly/postgres.ts';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { expectStatus, ORIGIN } from '../testonly/rekor-v2-stage.ts';
import { Checkpoints } from './checkpoints.ts';
import { rekorV2Errors } from './errors.ts';
import { RekorV2Log } from './rekor-v2-log.ts';
import { RekorV2Shard } from './rekor-v2-shard.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let replica: Replica;
let service: Service;
let url: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await postgres.createDatabase();
  directory = await temporaryDirectory();
  replica = await openReplica({
    databaseUrl: database.serviceUrl,
    anchorDirectory: directory.path,
    maxPending: 2,
  });
  const { log } = replica;
  const shard = new RekorV2Shard({
    log,
    settings: {
      kind: 'rekor-v2',
      origin: ORIGIN,
      keyFile: '',
      passphraseFile: '',
      duplicates: 'entry',
    },
    checkpoints: new Checkpoints(noteSigner(ORIGIN, log.signer)),
    admit: admitInThread({ api: 'rekor-v2', limits: { maxBytes: 1 << 20 }, policy: {} }),
  });
  const faces = { rekor: undefined, rekorV2: RekorV2Log.of([shard]), ct: [], disabledOperations: [] };
  service = await createService({
    name: 'test',
    module: AppModule.of(faces),
    faces: [{ prefix: '/api/v2', errors: rekorV2Errors, bodyLimit: 1 << 20, methodNotAllowed: 501 }],
    explain,
    checks: {},
    log: createLog('test', 'silent'),
  });
  url = await service.listen(0, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  await service?.close();
  await replica?.close();
  await directory?.remove();
  await postgres?.stop();
});

async function post(artifact: string): Promise<Response> {
  const body = JSON.stringify(await hashedRekordRequest(artifact));
  return fetch(`${url}/api/v2/log/entries`, { method: 'POST', body });
}

it('a full queue is answered 503 at once, and who waited is answered when there is room', async () => {
  const holder = await connect({ url: database.serviceUrl, applicationName: 'test' });
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM tlog.log FOR UPDATE');
    // Beyond the batch that waits for the row, two wait in the queue.
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const answer = post(`entry ${i}`);
        const first = await Promise.race([answer, waitingLongEnough()]);
        return { answer, first };
      }),
    );
    const refused = answers.flatMap(({ first }) => (first === undefined ? [] : [first]));
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) {
      expect(response.headers.get('retry-after')).toBe('1');
      await expectStatus(response, 503, 14, 'reached max pushback; retry');
    }
    await holder.query('ROLLBACK');
    const waited = await Promise.all(
      answers.filter(({ first }) => first === undefined).map(({ answer }) => answer),
    );
    expect(waited.length).toBeGreaterThan(0);
    expect(waited.map(({ status }) => status)).toEqual(waited.map(() => 201));
  } finally {
    await holder.end();
  }

  /** Until the server has answered something else that came later. */
  async function waitingLongEnough(): Promise<undefined> {
    for (let i = 0; i < 20; i++) await fetch(`${url}/healthz`);
    return undefined;
  }
});

it('a database that is gone is answered 503, without a word of what happened inside', async () => {
  await postgres.restart('fast', async () => {
    const response = await post('nobody there');
    expect(response.headers.get('retry-after')).toBe('1');
    await expectStatus(response, 503, 14, 'the entry could not be stored now; submit it again');
  });
  expect((await post('back again')).status).toBe(201);
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { CLAIMS, makeToken, NOW } from '@sigstead/signing/testonly/small-sigstore';
import { TestDatabase } from '../testonly/test-database.ts';
import { TestSigner } from '../testonly/test-signer.ts';

let database: TestDatabase;
let signer: TestSigner;

beforeAll(async () => {
  database = await TestDatabase.start();
});
afterAll(() => database.stop());
beforeEach(async () => {
  await database.run('DELETE FROM signer.idempotency');
  signer = await TestSigner.create(fetch, { databaseUrl: database.serviceUrl });
});
afterEach(() => signer.stop());

const digestNo = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const certificates = () => signer.sigstore.seen.filter((path) => path === '/api/v2/signingCert').length;
const logged = () => signer.sigstore.seen.filter((path) => path.includes('/log/')).length;
const latestRequest = async () =>
  (await database.run('SELECT * FROM signer.request ORDER BY ctid DESC LIMIT 1'))[0] as Record<
    string,
    unknown
  >;
const outcomesOf = (request: Record<string, unknown>) =>
  database.run(`SELECT * FROM signer.outcome WHERE request_id = '${String(request['id'])}' ORDER BY number`);
const requests = async () =>
  Number((await database.run('SELECT count(*) FROM signer.request'))[0]?.['count']);
const otherToken = makeToken({
  ...CLAIMS,
  job_workflow_ref: 'https://github.com/acme/other/.github/workflows/x.yml@y',
});

describe('the record', () => {
  it('says who had what signed, where it was logged, and what became of the rest', async () => {
    const artifacts = [
      { image: signer.image() },
      { image: signer.image(':absent') },
      { digest: digestNo(1), name: 'a\0b' },
    ];
    const answer = await signer.answer(signer.signMany(artifacts), 207);
    const request = await latestRequest();
    expect(request).toMatchObject({
      at: NOW,
      route: 'sign',
      identity_type: 'uri',
      identity: CLAIMS.job_workflow_ref,
      issuer: CLAIMS.iss,
      certificate_serial: Buffer.from([1, 2, 3]),
      idempotency_key: null,
      artifacts: [
        { position: 0, artifact: signer.image(), digest: signer.digest },
        { position: 2, artifact: 'a\ufffdb', digest: digestNo(1) },
      ],
    });
    const [image] = answer['outcomes'] as JsonObject[];
    const outcomes = await outcomesOf(request);
    expect(outcomes).toMatchObject([
      { position: 0, digest: signer.digest, form: 'sig', outcome: 'signed', log_index: '1001' },
      { position: 0, digest: signer.digest, form: 'bundle', outcome: 'signed', log_index: '1001' },
      { position: 2, digest: digestNo(1), form: 'bundle', outcome: 'signed', stored_as: null },
      { position: 1, digest: null, outcome: 'failed', step: 'resolve', log_index: null },
    ]);
    expect(outcomes[1]).toMatchObject({
      predicate_type: 'https://sigstore.dev/cosign/sign/v1',
      stored_as: (image?.['referrer'] as JsonObject)['digest'],
    });
    const text = JSON.stringify([request, outcomes, await database.run('SELECT * FROM signer.idempotency')]);
    expect(text).not.toContain('eyJ');
  });

  it('has a failure with its step', async () => {
    signer.sigstore.faults = { logAnswer: ({ uuid, entry }) => ({ [uuid]: { ...entry, logIndex: 3 } }) };
    await signer.problem(signer.sign(), 502);
    expect(await outcomesOf(await latestRequest())).toMatchObject([
      { outcome: 'failed', step: 'log', digest: signer.digest },
    ]);
  });

  it('has nothing of those whom the authority does not know', async () => {
    const before = await requests();
    await signer.problem(signer.sign({ identityToken: makeToken({ ...CLAIMS, iss: 'x' }) }), 400);
    await signer.problem(signer.sign({ image: signer.image(':absent') }), 404);
    expect(await requests()).toBe(before);
  });

  it('cannot be changed by the service', async () => {
    await signer.answer(signer.sign());
    for (const text of [
      'UPDATE signer.request SET identity = identity',
      'DELETE FROM signer.outcome',
      'TRUNCATE signer.outcome',
    ])
      await expect(database.run(text)).rejects.toThrow('permission denied');
  });

  it('is written before anything is signed: without it nothing is', async () => {
    await database.without(async () => {
      expect((await signer.problem(signer.sign(), 503)).type).toContain('record-unavailable');
      expect((await fetch(`${signer.url}/readyz`)).status).toBe(503);
    });
    expect(logged()).toBe(0);
    expect(await signer.storedSignatures()).toEqual([]);
    await signer.answer(signer.sign());
  });

  it('lost after the signature does not take the signature away', async () => {
    let stopped: Promise<void> = Promise.resolve();
    let back: () => void = () => undefined;
    signer.sigstore.faults = {
      before: (path) =>
        new Promise((down) => {
          if (!path.includes('/log/')) return down();
          stopped = database.without(() => {
            down();
            return new Promise((resolve) => (back = resolve));
          });
        }),
    };
    const answer = await signer.answer(signer.sign({ form: 'bundle' }));
    back();
    await stopped;
    expect(answer['digest']).toBe(signer.digest);
    expect(signer.logLines.join('')).toContain('were not recorded');
    const metrics = await (await fetch(`${signer.url}/metrics`)).text();
    expect(metrics).toContain('sigstead_signer_unrecorded_total 1');
  });
});

describe('a request with an idempotency key', () => {
  const keyed = (key: string, more: object = {}) => signer.sign(more, { 'idempotency-key': key });

  it('is answered as before and signed once, also with another token of the same identity', async () => {
    const first = await keyed('once');
    const text = await first.text();
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([200, null]);
    const before = [certificates(), logged()];
    const again = await keyed('once');
    expect([await again.text(), again.headers.get('idempotency-replayed')]).toEqual([text, 'true']);
    expect([certificates(), logged()]).toEqual(before);
    const later = makeToken({ ...CLAIMS, iat: 1 });
    const third = await keyed('once', { identityToken: later });
    expect([third.status, await third.text()]).toEqual([200, text]);
    expect(logged()).toBe(before[1]);
    expect(await signer.storedSignatures()).toHaveLength(1);
  });

  it('is the same to every replica, and after a restart', async () => {
    const text = await (await keyed('replica')).text();
    await signer.start({ databaseUrl: database.serviceUrl });
    expect(await (await keyed('replica')).text()).toBe(text);
  });

  it('is refused for another request', async () => {
    await signer.answer(keyed('one'));
    const problem = await signer.problem(keyed('one', { annotations: { build: '8' } }), 422);
    expect(problem).toMatchObject({
      type: 'urn:sigstead:problem:idempotency-key-reused',
      field: 'idempotency-key',
    });
  });

  it("is the identity's own: others may use the same key", async () => {
    const mine = await signer.answer(keyed('shared'));
    const other = await signer.answer(keyed('shared', { identityToken: otherToken }));
    expect((other['certificate'] as JsonObject)['identity']).toContain('acme/other');
    expect((mine['certificate'] as JsonObject)['identity']).toBe(CLAIMS.job_workflow_ref);
  });

  it('is signed once, though twenty come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => keyed('at-once')));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(texts).size).toBe(1);
    expect(await signer.storedSignatures()).toHaveLength(1);
  });

  it('is told to come again when the other one takes too long', async () => {
    await signer.start({ databaseUrl: database.serviceUrl, limits: { idempotencyWaitMs: 0 } });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      signer.registry.intercept = (request, response) => {
        if (request.method !== 'POST') return false;
        release = () => void response.writeHead(400).end();
        resolve();
        return true;
      };
    });
    const first = keyed('slow', { form: 'bundle' });
    await held;
    const problem = await keyed('slow', { form: 'bundle' });
    expect(problem.headers.get('retry-after')).toBe('5');
    expect((await signer.problem(problem, 409)).type).toContain('request-in-progress');
    release();
    await signer.problem(first, 502);
  });

  it('that failed may be tried again', async () => {
    signer.registry.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(500).end();
      return true;
    };
    await signer.problem(keyed('again'), 502);
    signer.registry.intercept = () => false;
    await signer.answer(keyed('again'));
    expect(await signer.storedSignatures()).toHaveLength(1);
  });

  it('signs of many only what is not signed yet', async () => {
    const artifacts = [{ digest: digestNo(1) }, { image: signer.image(':late') }, { digest: digestNo(2) }];
    const many = () => signer.signMany(artifacts, { form: 'bundle' }, { 'idempotency-key': 'many' });
    const first = (await signer.answer(many(), 207))['outcomes'] as JsonObject[];
    expect(first.map(({ signed }) => signed)).toEqual([true, false, true]);
    const before = logged();
    signer.addImage('late', { config: {}, layers: [], annotations: { a: '1' } });
    const second = (await signer.answer(many()))['outcomes'] as JsonObject[];
    expect(second.map(({ signed }) => signed)).toEqual([true, true, true]);
    expect([second[0], second[2]]).toEqual([first[0], first[2]]);
    expect(logged()).toBe(before + 1);
    // Now it is done, and stays what it is.
    expect((await signer.answer(many()))['outcomes']).toEqual(second);
    expect(logged()).toBe(before + 1);
  });

  it('goes on where one who died had it', async () => {
    // What a process leaves behind that was killed after it had signed one of two.
    const artifacts = [{ digest: digestNo(1) }, { digest: digestNo(2) }];
    const many = () => signer.signMany(artifacts, {}, { 'idempotency-key': 'died' });
    const whole = (await signer.answer(many()))['outcomes'] as JsonObject[];
    await database.run(
      `UPDATE signer.idempotency SET done = false, held_until = '${NOW.toISOString()}', answers = (answers::jsonb - '1')::text`,
    );
    const before = logged();
    signer.sigstore.now = new Date(NOW.getTime() + 1000);
    const again = (await signer.answer(many()))['outcomes'] as JsonObject[];
    expect(logged()).toBe(before + 1);
    expect(again.map(({ digest }) => digest)).toEqual(whole.map(({ digest }) => digest));
  });

  it('is forgotten after its time', async () => {
    await signer.answer(keyed('old'));
    signer.sigstore.now = new Date(NOW.getTime() + 25 * 3_600_000);
    await signer.answer(keyed('old', { annotations: { build: '8' } }));
    expect(await signer.storedSignatures()).toHaveLength(2);
    expect(await database.run('SELECT key FROM signer.idempotency')).toHaveLength(1);
  });

  it('is told as it goes, too', async () => {
    const headers = { 'idempotency-key': 'streamed', accept: 'application/x-ndjson' };
    const first = await (await signer.sign({}, headers)).text();
    const again = await (await signer.sign({}, headers)).text();
    expect(again.trimEnd().split('\n').at(-1)).toBe('{"event":"end","signed":1,"failed":0,"repeated":true}');
    const outcome = (text: string) => text.split('\n').find((line) => line.includes('"outcome"'));
    expect(outcome(again)).toBe(outcome(first));
  });

  it.each(['', ' ', 'x'.repeat(256), 'schlüssel'])('refuses the key %j', async (key) => {
    const response = keyed(encodeURI(key) === key ? key : Buffer.from(key).toString('latin1'));
    expect((await signer.problem(response, 400)).field).toBe('idempotency-key');
  });

  it('is checked for an upload, too', async () => {
    const upload = (body: string) =>
      signer.post('/api/v1/sign/blob', body, {
        authorization: `Bearer ${makeToken()}`,
        'idempotency-key': 'upload',
        'content-type': 'text/plain',
      });
    const text = await (await upload('a blob')).text();
    expect(await (await upload('a blob')).text()).toBe(text);
    await signer.problem(upload('another'), 422);
  });
});

describe('an identity that has too much signed', () => {
  const limits = { artifactsPerMinute: 60, artifactBurst: 3 };

  it('waits, and others do not', async () => {
    await signer.start({ databaseUrl: database.serviceUrl, limits });
    for (let i = 0; i < 3; i++) await signer.answer(signer.sign({ form: 'bundle' }));
    const before = certificates();
    const response = await signer.sign({ form: 'bundle' });
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await signer.problem(response, 429)).type).toContain('rate-limited');
    // It is known by its token: no certificate is made in vain.
    expect(certificates()).toBe(before);
    // With another token it is known when the authority has said who it is.
    await signer.problem(
      signer.sign({ form: 'bundle', identityToken: makeToken({ ...CLAIMS, iat: 2 }) }),
      429,
    );
    expect(certificates()).toBe(before + 1);
    await signer.answer(signer.sign({ form: 'bundle', identityToken: otherToken }));
    signer.sigstore.now = new Date(NOW.getTime() + 1000);
    await signer.answer(signer.sign({ form: 'bundle' }));
  });

  it('may have more than that signed at once, and waits the longer', async () => {
    await signer.start({ databaseUrl: database.serviceUrl, limits });
    const artifacts = Array.from({ length: 10 }, (_, at) => ({ digest: digestNo(at) }));
    await signer.answer(signer.signMany(artifacts));
    expect((await signer.sign()).headers.get('retry-after')).toBe('8');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bindPolicies,
  callPolicies,
  policyDocument,
  storePolicy,
  TOKEN,
  type PolicyApiAnswer,
  type PolicyRequest,
} from '../testonly/policy-client.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { DEAD_REGISTRY, postVerify, VerifierStage } from '../testonly/verifier-stage.ts';
import { INSERT_ONLY_TABLES } from './create-schema.migration.ts';

describe('policies by name', () => {
  const stage = new VerifierStage();
  let database: TestDatabase;
  let url: string;
  beforeAll(async () => {
    [database] = await Promise.all([TestDatabase.start(), stage.start()]);
    const policyAdminTokenFile = await stage.file('tokens', `${TOKEN}\ncarol a-token-of-carol-alone\n`);
    url = await stage.verifier({ databaseUrl: database.serviceUrl, policyAdminTokenFile });
  }, 60_000);
  afterAll(async () => {
    await stage.close();
    await database?.stop();
  });

  const call = (path: string, request?: PolicyRequest): Promise<PolicyApiAnswer> =>
    callPolicies(url, path, request);
  const put = (
    name: string,
    headers: Record<string, string> = {},
    spec: object = {},
  ): Promise<PolicyApiAnswer> =>
    call(`policies/${name}`, { method: 'PUT', body: policyDocument(name, spec), headers });

  it('are stored, read and listed, with author and time', async () => {
    const stored = await put('first');
    expect(stored.status).toBe(201);
    expect(stored.headers.get('etag')).toBe('"1"');
    expect(stored.body).toEqual({
      name: 'first',
      version: 1,
      author: 'admin',
      recordedAt: expect.stringMatching(/^2026-/),
      mode: 'enforce',
    });
    const read = await call('policies/first', { token: null });
    expect(read.status).toBe(200);
    expect(read.body).toEqual({ ...stored.body, document: policyDocument('first') });
    expect((await call('policies')).body['policies']).toContainEqual(stored.body);
  });

  it('have a new version for every change, and keep the old ones', async () => {
    await put('changing');
    const second = await call('policies/changing', {
      method: 'PUT',
      body: policyDocument('changing', { mode: 'warn' }),
      headers: { 'if-match': '"1"' },
      token: 'a-token-of-carol-alone',
    });
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ version: 2, author: 'carol', mode: 'warn' });
    expect((await call('policies/changing')).body).toMatchObject({ version: 2 });
    const first = await call('policies/changing/versions/1');
    expect(first.body).toMatchObject({ version: 1, author: 'admin', document: policyDocument('changing') });
    const { versions } = (await call('policies/changing/versions')).body as {
      versions: { version: number }[];
    };
    expect(versions.map(({ version }) => version)).toEqual([2, 1]);
    const one = await call('policies/changing/versions?limit=1');
    expect(one.body).toMatchObject({ next: '2' });
    expect((await call('policies/changing/versions?limit=1&after=2')).body).toEqual({
      versions: [versions[1]],
    });
  });

  it('are not replaced by who has not seen what is there', async () => {
    await put('guarded');
    expect(await put('guarded')).toMatchObject({
      status: 428,
      body: { type: 'urn:sigstead:problem:version-required' },
    });
    expect(await put('guarded', { 'if-none-match': '*' })).toMatchObject({ status: 412 });
    expect(await put('guarded', { 'if-match': '"7"' })).toMatchObject({ status: 412 });
    expect(await put('nowhere', { 'if-match': '"1"' })).toMatchObject({ status: 412 });
    expect(await put('nowhere', { 'if-match': '*' })).toMatchObject({ status: 412 });
    expect(await put('guarded', { 'if-match': '"1"' })).toMatchObject({ status: 200 });
    expect(await put('guarded', { 'if-match': '*' })).toMatchObject({ status: 200, body: { version: 3 } });
    for (const match of ['1', 'W/"1"', '"0"', '"1", "2"']) {
      expect(await put('guarded', { 'if-match': match })).toMatchObject({
        status: 400,
        body: { field: 'If-Match' },
      });
    }
    expect(await put('guarded', { 'if-none-match': '"1"' })).toMatchObject({ status: 400 });
  });

  it('let one of two win who write at once', async () => {
    await put('contested');
    const headers = { 'if-match': '"1"' };
    const both = await Promise.all([
      put('contested', headers),
      put('contested', headers),
      put('contested', headers),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('can be taken away and put back, and stay to be read', async () => {
    await put('going');
    const gone = await call('policies/going', { method: 'DELETE', headers: { 'if-match': '"1"' } });
    expect(gone).toMatchObject({ status: 200, body: { version: 2, deleted: true } });
    expect(await call('policies/going')).toMatchObject({ status: 404 });
    expect(await call('policies/going', { method: 'DELETE', headers: { 'if-match': '*' } })).toMatchObject({
      status: 404,
    });
    expect((await call('policies/going/versions/1')).status).toBe(200);
    expect((await call('policies/going/versions/2')).status).toBe(404);
    expect((await call('policies/going/versions')).body['versions']).toHaveLength(2);
    expect(await put('going')).toMatchObject({ status: 200, body: { version: 3 } });
  });

  it('are listed by pages', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await put(name);
    const seen: string[] = [];
    let after = 'page';
    for (;;) {
      const { body } = await call(`policies?limit=2&after=${after}`);
      const page = body as { policies: { name: string }[]; next?: string };
      seen.push(...page.policies.map(({ name }) => name));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(seen.filter((name) => name.startsWith('page-'))).toEqual(['page-a', 'page-b', 'page-c']);
    expect(seen).toEqual([...seen].sort());
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=x',
      'after=',
      'limit=1&limit=2',
      `after=${'x'.repeat(80)}`,
    ]) {
      expect(await call(`policies?${query}`)).toMatchObject({ status: 400 });
    }
  });

  it.each<[string, unknown, string | undefined]>([
    ['no JSON', '{', undefined],
    ['a list', [], undefined],
    ['another name', policyDocument('other'), 'metadata.name'],
    ['a field nobody knows', policyDocument('bad', { image: 'x' }), 'spec.image'],
    ['nothing asked', policyDocument('bad', { signers: [] }), 'spec.signers'],
    [
      'a bad pattern',
      policyDocument('bad', { signers: [{ name: 'x', identityRegexp: '(', issuer: 'y' }] }),
      'spec.signers.0.identityRegexp',
    ],
    ['a name twice', '{"kind":"ImagePolicy","kind":"ImagePolicy"}', 'kind'],
    ['a NUL', policyDocument('bad', { signers: [{ name: 'x', identity: 'a\0b', issuer: 'y' }] }), undefined],
  ])('are not stored with %s', async (_, body, field) => {
    const answer = await call('policies/bad', { method: 'PUT', body });
    expect(answer.status).toBe(400);
    expect(answer.body['field']).toBe(field);
    expect((await call('policies/bad')).status).toBe(404);
  });

  it('are not stored when they are larger than any policy', async () => {
    const body = policyDocument('bad', { pad: 'x'.repeat(70_000) });
    expect(await call('policies/bad', { method: 'PUT', body })).toMatchObject({ status: 413 });
  });

  it('have names, and nothing else is looked up', async () => {
    for (const name of ['No%20Name', '%00', '..%2fx', 'x'.repeat(80)]) {
      expect(await call(`policies/${name}`)).toMatchObject({ status: 404 });
    }
    expect(await call('policies/first/versions/0')).toMatchObject({
      status: 400,
      body: { field: 'version' },
    });
    expect(await call('policies/nowhere/versions')).toMatchObject({ status: 404 });
  });

  describe('and who may write', () => {
    it.each([
      ['nobody', null],
      ['another token', 'a-token-of-somebody-else'],
      ['the start of a token', TOKEN.slice(0, -1)],
      ['a token and more', `${TOKEN}x`],
      ['the author', 'carol'],
    ])('is not %s', async (_, token) => {
      for (const path of ['policies/intruder', 'policy-bindings/intruder']) {
        const answer = await call(path, { method: 'PUT', body: policyDocument('intruder'), token });
        expect(answer).toMatchObject({ status: 401, body: { type: 'urn:sigstead:problem:unauthorized' } });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(JSON.stringify(answer.body)).not.toContain(TOKEN);
        expect(await call(path, { method: 'DELETE', token })).toMatchObject({ status: 401 });
      }
    });

    it('is nobody where no tokens are set', async () => {
      const readOnly = await stage.verifier({ databaseUrl: database.serviceUrl });
      await put('kept');
      const answer = await callPolicies(readOnly, 'policies/kept', {
        method: 'PUT',
        body: policyDocument('kept'),
      });
      expect(answer).toMatchObject({
        status: 403,
        body: { type: 'urn:sigstead:problem:policies-read-only' },
      });
      expect((await callPolicies(readOnly, 'policies/kept', { token: null })).status).toBe(200);
    });
  });

  describe('bound to namespaces', () => {
    const bind = (
      namespace: string,
      policies: unknown,
      headers: Record<string, string> = {},
    ): Promise<PolicyApiAnswer> =>
      call(`policy-bindings/${namespace}`, { method: 'PUT', body: { policies }, headers });

    it('are stored, listed and taken away', async () => {
      await put('bound');
      const bound = await bind('shop', ['bound']);
      expect(bound).toMatchObject({
        status: 201,
        body: { namespace: 'shop', version: 1, policies: ['bound'] },
      });
      expect((await call('policy-bindings/shop')).body).toEqual(bound.body);
      expect((await call('policy-bindings')).body['bindings']).toContainEqual(bound.body);
      expect(await bind('shop', [])).toMatchObject({ status: 428 });
      expect(await bind('shop', [], { 'if-match': '"1"' })).toMatchObject({
        status: 200,
        body: { policies: [] },
      });
      const gone = await call('policy-bindings/shop', { method: 'DELETE', headers: { 'if-match': '"2"' } });
      expect(gone.body).toEqual({ ...bound.body, version: 3, policies: undefined, deleted: true });
      expect((await call('policy-bindings/shop')).status).toBe(404);
    });

    it('have a default', async () => {
      await put('default');
      expect(await bind('*', ['default'])).toMatchObject({ status: 201, body: { namespace: '*' } });
    });

    it('keep a policy from being taken away', async () => {
      await put('needed');
      await bind('needing', ['needed']);
      const remove = (): Promise<PolicyApiAnswer> =>
        call('policies/needed', { method: 'DELETE', headers: { 'if-match': '*' } });
      expect(await remove()).toMatchObject({
        status: 409,
        body: { type: 'urn:sigstead:problem:policy-bound' },
      });
      await bind('needing', [], { 'if-match': '*' });
      expect(await remove()).toMatchObject({ status: 200 });
    });

    it.each<[string, string, unknown, string | undefined]>([
      ['a policy that is not there', 'a', ['nowhere'], 'policies.0'],
      ['a name that is none', 'a', ['No Name'], 'policies.0'],
      ['a name twice', 'a', ['first', 'first'], 'policies'],
      ['too many', 'a', Array.from({ length: 17 }, (_, at) => `p${at}`), 'policies'],
      ['no list', 'a', 'first', 'policies'],
      ['a namespace that is none', 'A_b', ['first'], 'namespace'],
    ])('are refused with %s', async (_, namespace, policies, field) => {
      const answer = await bind(namespace, policies);
      expect(answer.status).toBe(400);
      expect(answer.body['field']).toBe(field);
    });
  });

  describe('tried out', () => {
    const tryOut = (body: unknown): Promise<PolicyApiAnswer> =>
      call('policies/dry-run', { method: 'POST', body, token: null });

    it('say what would happen, and store nothing', async () => {
      const image = await stage.signedImage('tried');
      const good = await tryOut({ image, policy: policyDocument('tried', { tags: 'allow' }) });
      expect(good).toMatchObject({
        status: 200,
        body: { verified: true, applies: true, admission: { allowed: true, refusals: [], warnings: [] } },
      });
      expect(good.body['text']).toMatch(/policy tried: signed by release .+VERIFIED\n$/s);
      expect((await call('policies/tried')).status).toBe(404);
      const bad = await tryOut({
        image,
        policy: policyDocument('tried', {
          tags: 'allow',
          signers: [{ name: 'x', identity: 'y', issuer: 'z' }],
        }),
      });
      expect(bad).toMatchObject({ status: 200, body: { verified: false, admission: { allowed: false } } });
    });

    it('tell of tags, of modes and of images they are not about', async () => {
      const image = await stage.signedImage('tags');
      const denied = await tryOut({ image, policy: policyDocument('tried') });
      expect(denied.body).toMatchObject({ verified: true, admission: { allowed: false } });
      const warned = await tryOut({ image, policy: policyDocument('tried', { mode: 'warn' }) });
      expect(warned.body).toMatchObject({
        admission: {
          allowed: true,
          warnings: [expect.stringMatching(/the tag tags can be moved .+@sha256:/)],
        },
      });
      const other = await tryOut({ image, policy: policyDocument('tried', { images: ['ghcr.io/**'] }) });
      expect(other.body).toMatchObject({ verified: false, applies: false, admission: { allowed: false } });
    });

    it('can be those that are stored', async () => {
      const image = await stage.signedImage('stored');
      await storePolicy(url, 'stored', { tags: 'allow' });
      const answer = await tryOut({ image, policy: { name: 'stored' } });
      expect(answer.body).toMatchObject({ verified: true, policy: { name: 'stored', version: 1 } });
      expect(await tryOut({ image, policy: { name: 'nowhere' } })).toMatchObject({ status: 404 });
    });

    it.each<[string, object | string, string | undefined]>([
      ['no image', { policy: policyDocument('x') }, 'image'],
      ['no policy', { image: 'ghcr.io/acme/app' }, 'policy'],
      [
        'a bad document',
        { image: 'ghcr.io/acme/app', policy: policyDocument('x', { images: [] }) },
        'policy.spec.images',
      ],
      ['an unknown kind', { image: 'ghcr.io/acme/app', policy: { kind: 'x' } }, 'policy.apiVersion'],
      ['a name twice', '{"image":"a","policy":{"kind":1,"kind":2}}', 'policy.kind'],
      ['no JSON', '{', undefined],
    ])('are refused with %s', async (_, body, field) => {
      const answer = await tryOut(body);
      expect(answer.status).toBe(400);
      expect(answer.body['field']).toBe(field);
    });
  });

  describe('of a verification', () => {
    const verify = async (body: unknown, accept = 'application/json'): Promise<Response> =>
      postVerify(url, body, { accept });

    it('decide, with the version that was used', async () => {
      const image = await stage.signedImage('named');
      await storePolicy(url, 'named');
      for (const policy of [{ policy: { name: 'named' } }, { policyName: 'named' }]) {
        const answer = (await (await verify({ image, ...policy })).json()) as Record<string, unknown>;
        expect(answer).toMatchObject({
          verified: true,
          policy: { name: 'named', version: 1 },
          applies: true,
          decision: { satisfied: true, requirements: [{ name: 'image', met: true }] },
        });
      }
      await storePolicy(url, 'named', { signers: [{ name: 'x', identity: 'y', issuer: 'z' }] });
      const newest = await verify({ image, policyName: 'named' });
      expect(await newest.json()).toMatchObject({ verified: false, policy: { version: 2 } });
      const older = await verify({ image, policy: { name: 'named', version: 1 } });
      expect(await older.json()).toMatchObject({ verified: true, policy: { version: 1 } });
    });

    it('do not verify an image they are not about', async () => {
      const image = await stage.signedImage('elsewhere');
      await storePolicy(url, 'elsewhere', { images: ['ghcr.io/**'] });
      const answer = await verify({ image, policyName: 'elsewhere' });
      expect(await answer.json()).toMatchObject({ verified: false, applies: false });
    });

    it('answer as text too', async () => {
      const image = await stage.signedImage('text');
      await storePolicy(url, 'text');
      const answer = await verify({ image, policyName: 'text' }, 'text/plain');
      expect(await answer.text()).toMatch(
        /^.+\nsha256:[0-9a-f]{64}\n\npolicy text: signed by release .+\n\nVERIFIED\n$/s,
      );
    });

    it('have to be there', async () => {
      expect((await verify({ image: 'ghcr.io/acme/app', policyName: 'nowhere' })).status).toBe(404);
    });

    it('have names, and nothing else is looked up', async () => {
      const image = 'ghcr.io/acme/app';
      for (const name of ['\0', 'a\0b', '\ud800', 'No Name']) {
        expect((await verify({ image, policyName: name })).status).toBe(404);
        expect((await verify({ image, policy: { name, version: 1 } })).status).toBe(404);
        const dryRun = { method: 'POST', body: { image, policy: { name } } };
        expect(await call('policies/dry-run', dryRun)).toMatchObject({ status: 404 });
      }
    });
  });

  describe('in the database', () => {
    it.each(INSERT_ONLY_TABLES)('are final: %s', async (table) => {
      await bindPolicies(url, 'final', 'first');
      for (const who of [database.serviceUrl, database.ownerUrl]) {
        for (const statement of [
          `UPDATE verifier.${table} SET author = 'eve'`,
          `DELETE FROM verifier.${table}`,
        ]) {
          await expect(database.run(who, statement)).rejects.toMatchObject({ code: /42501|23001/ });
        }
      }
    });

    it('are migrated once', async () => {
      expect(await database.migrate()).toEqual([]);
    });

    it('are out of reach with it, which is said, and come back', async () => {
      await database.without(async () => {
        expect(await call('policies/first')).toMatchObject({
          status: 503,
          body: { type: 'urn:sigstead:problem:policies-unavailable' },
        });
        expect(await put('later')).toMatchObject({ status: 503 });
        const ready = await fetch(`${url}/readyz`);
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ checks: { policies: { ok: false } } });
      });
      expect((await call('policies/first')).status).toBe(200);
    }, 30_000);
  });

  it('are not kept without a database, and the rest works', async () => {
    const without = await stage.verifier();
    for (const path of ['policies', 'policies/first', 'policy-bindings', 'policy-bindings/x']) {
      expect(await callPolicies(without, path)).toMatchObject({
        status: 501,
        body: { type: 'urn:sigstead:problem:named-policies-off' },
      });
    }
    const named = await postVerify(without, { image: `${DEAD_REGISTRY}/acme/app`, policyName: 'first' });
    expect(named.status).toBe(501);
    const image = await stage.signedImage('without');
    const tried = { image, policy: policyDocument('without', { tags: 'allow' }) };
    expect(await callPolicies(without, 'policies/dry-run', { method: 'POST', body: tried })).toMatchObject({
      status: 200,
      body: { verified: true },
    });
    expect((await fetch(`${without}/readyz`)).status).toBe(200);
  });
});

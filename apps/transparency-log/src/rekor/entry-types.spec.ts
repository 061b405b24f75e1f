import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeBase64, type JsonObject } from '@sigstead/encoding';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { makeAuthority } from '../testonly/authority.ts';
import { hashedRekord } from '../testonly/entries.ts';
import { dsse, intotoV001, intotoV002, signEnvelope } from '../testonly/envelopes.ts';
import { expectError, RekorApi } from '../testonly/rekor-api.ts';
import { RekorStage } from '../testonly/rekor-stage.ts';
import { install, startService, TREE_ID } from '../testonly/service.ts';

const stage = new RekorStage();
const { api } = stage;
beforeAll(() => stage.start(), 60_000);
afterAll(() => stage.stop());

const signer = PrivateKeySigner.generate('P-256');
const pem = signer.publicKey.toPem();
const statement = (name: string): string =>
  JSON.stringify({ subject: [{ name, digest: { sha256: digestOf(name) } }], predicate: {} });
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const MAKERS: readonly (readonly [string, (name: string) => Promise<JsonObject>])[] = [
  ['dsse 0.0.1', async (name) => dsse(await signEnvelope(statement(name), signer), pem)],
  ['intoto 0.0.1', async (name) => intotoV001(await signEnvelope(statement(name), signer), pem)],
  ['intoto 0.0.2', async (name) => intotoV002(await signEnvelope(statement(name), signer), pem)],
];

describe.each(MAKERS)('%s', (type, make) => {
  it('is logged, and given back with proofs that verify', async () => {
    const { id, value, response } = await api.create(await make(`${type} first`));
    expect(response.headers.get('etag')).toBe(id);
    expect(response.headers.get('location')).toBe(`/api/v1/log/entries/${id}`);
    expect(value.attestation).toBeUndefined();
    api.verify(id, value);
    const body = JSON.parse(Buffer.from(value.body, 'base64').toString()) as JsonObject;
    expect(`${String(body['kind'])} ${String(body['apiVersion'])}`).toBe(type);
    const [[readId, read] = ['', undefined]] = await api.retrieve({ entryUUIDs: [id] });
    expect(readId).toBe(id);
    expect(read?.body).toBe(value.body);
  });

  it('is found by its artifact, its payload and its key as soon as it is logged', async () => {
    const name = `${type} found`;
    const { id } = await api.create(await make(name));
    expect(await api.search({ hash: digestOf(name) })).toEqual([id]);
    expect(await api.search({ hash: `sha256:${digestOf(statement(name))}` })).toEqual([id]);
    const byKey = await api.search({
      publicKey: { format: 'x509', content: Buffer.from(pem).toString('base64') },
    });
    expect(byKey).toContain(id);
  });

  it('is a conflict when it is sent again', async () => {
    const entry = await make(`${type} twice`);
    const { id } = await api.create(entry);
    const again = await api.post('/api/v1/log/entries', entry);
    expect(again.headers.get('location')).toBe(`/api/v1/log/entries/${id}`);
    await expectError(
      again,
      409,
      409,
      `an equivalent entry already exists in the transparency log with UUID ${id}`,
    );
  });

  it('is looked up as proposed and as stored', async () => {
    const entry = await make(`${type} looked up`);
    const { id, value } = await api.create(entry);
    const stored: unknown = JSON.parse(Buffer.from(value.body, 'base64').toString());
    expect((await api.retrieve({ entries: [entry] })).map(([found]) => found)).toEqual([id]);
    expect((await api.retrieve({ entries: [stored] })).map(([found]) => found)).toEqual([id]);
  });

  it('is refused in its stored form, and with a signature of another key', async () => {
    const { value } = await api.create(await make(`${type} stored`));
    await expectError(
      await api.post('/api/v1/log/entries', Buffer.from(value.body, 'base64').toString()),
      400,
      400,
      /^error processing entry: entry not insertable into log: /,
    );
    const foreign = JSON.stringify(await make(`${type} foreign`)).replaceAll(
      Buffer.from(pem).toString('base64'),
      Buffer.from(PrivateKeySigner.generate('P-256').publicKey.toPem()).toString('base64'),
    );
    await expectError(
      await api.post('/api/v1/log/entries', foreign),
      400,
      400,
      /^error processing entry: could not verify envelope/,
    );
  });
});

describe('attestations', () => {
  it.each(MAKERS.slice(1))('of %s are kept and given back when the entry is read', async (type, make) => {
    const { id } = await api.create(await make(`${type} kept`));
    for (const query of [{ entryUUIDs: [id] }, { entryUUIDs: [id.slice(16)] }]) {
      const [[, value] = ['', undefined]] = await api.retrieve(query);
      expect(Buffer.from(value?.attestation?.data ?? '', 'base64').toString()).toBe(
        statement(`${type} kept`),
      );
    }
    const response = await api.get(`/api/v1/log/entries/${id}`);
    expect(await response.text()).toContain('"attestation"');
  });

  it('of dsse are not kept', async () => {
    const { id } = await api.create(await (MAKERS[0] as (typeof MAKERS)[0])[1]('not kept'));
    const [[, value] = ['', undefined]] = await api.retrieve({ entryUUIDs: [id] });
    expect(value?.attestation).toBeUndefined();
  });

  it('are kept up to the bound; beyond it only the entry is logged', async () => {
    const small = await install(await makeAuthority(), { maxAttestationBytes: 100 });
    const service = await startService(small, (await stage.postgres.createDatabase()).serviceUrl);
    try {
      const own = new RekorApi(() => ({ url: service.url, treeId: TREE_ID, key: small.rekorKey }));
      for (const [length, kept] of [
        [100, true],
        [101, false],
      ] as const) {
        const { id } = await own.create(intotoV002(await signEnvelope('x'.repeat(length), signer), pem));
        const [[, value] = ['', undefined]] = await own.retrieve({ entryUUIDs: [id] });
        expect(value?.attestation !== undefined).toBe(kept);
      }
    } finally {
      await service.service.close();
      await small.remove();
    }
  });

  it('are shared by entries with one payload', async () => {
    const envelope = await signEnvelope(statement('shared'), signer);
    const ids = [
      (await api.create(intotoV001(envelope, pem))).id,
      (await api.create(intotoV002(envelope, pem))).id,
    ];
    const read = await api.retrieve({ entryUUIDs: ids });
    expect(read.map(([, value]) => decodeBase64(value.attestation?.data ?? '').length)).toEqual([
      statement('shared').length,
      statement('shared').length,
    ]);
  });
});

describe('malformed entries', () => {
  it('law: never get a 5xx, whatever is replaced in an entry of any type', async () => {
    const sound = await Promise.all([hashedRekord('fuzz'), ...MAKERS.map(([, make]) => make('fuzz'))]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sound.map((entry) => JSON.stringify(entry))),
        fc.nat(),
        fc.oneof(fc.string({ maxLength: 8 }), fc.json({ maxDepth: 1 })),
        fc.nat(30),
        async (text, at, inserted, removed) => {
          const place = at % text.length;
          const changed = text.slice(0, place) + inserted + text.slice(place + removed);
          for (const path of ['entries', 'entries/retrieve']) {
            const body = path === 'entries' ? changed : `{"entries":[${changed}]}`;
            const response = await api.post(`/api/v1/log/${path}`, body);
            await response.arrayBuffer();
            if (response.status >= 500) throw new Error(`${response.status} to ${changed}`);
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});

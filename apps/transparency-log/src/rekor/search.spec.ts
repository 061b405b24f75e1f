import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { encodeLeafTbs, oids, signTbs, Certificate, type LeafProfile } from '@sigstead/x509';
import { randomBytes } from 'node:crypto';
import { makeAuthority, type TestAuthority } from '../testonly/authority.ts';
import { base64Of } from '../testonly/envelopes.ts';
import { expectError } from '../testonly/rekor-api.ts';
import { RekorStage } from '../testonly/rekor-stage.ts';

const stage = new RekorStage();
const { api } = stage;
beforeAll(() => stage.start(), 60_000);
afterAll(() => stage.stop());

const signer = PrivateKeySigner.generate('P-256');
const ask = (query: unknown): Promise<Response> => api.post('/api/v1/index/retrieve', query);

/** A hashedrekord whose certificate has this name, for a token of this issuer. */
async function certified(
  artifact: string,
  name: LeafProfile['subjectAlternativeName'],
  issuer: string,
): Promise<{ entry: JsonObject; pem: string }> {
  const notBefore = new Date();
  const serialNumber = Uint8Array.from(randomBytes(16));
  serialNumber[0] = 1;
  const tbs = encodeLeafTbs(
    {
      serialNumber,
      issuer: (await authority).intermediate,
      notBefore,
      notAfter: new Date(notBefore.getTime() + 600_000),
      publicKey: signer.publicKey,
      subjectAlternativeName: name,
      claims: { issuer },
    },
    { oid: oids.sctList, critical: false, value: new Uint8Array([4, 2, 0, 0]) },
  );
  // Nobody asks who signed it: certificates of entries are not trusted for anything.
  const pem = Certificate.parse(await signTbs(tbs, signer)).toPem();
  const entry = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: encodeHex(sha256(encodeUtf8(artifact))) } },
      signature: {
        content: encodeBase64(await signer.sign(encodeUtf8(artifact))),
        publicKey: { content: base64Of(pem) },
      },
    },
  };
  return { entry, pem };
}

const authority: Promise<TestAuthority> = makeAuthority();
const ISSUER = 'https://Issuer.example.com';
const WORKFLOW = 'https://github.com/example/Repo/.github/workflows/release.yml@refs/tags/v1';

describe('POST /api/v1/index/retrieve', () => {
  let alice: string;
  let alicePem: string;
  let workflow: string;
  const digest = (artifact: string): string => encodeHex(sha256(encodeUtf8(artifact)));

  beforeAll(async () => {
    const person = await certified('by alice', { type: 'email', value: 'Alice@Example.com' }, ISSUER);
    alicePem = person.pem;
    ({ id: alice } = await api.create(person.entry));
    const build = await certified('by a workflow', { type: 'uri', value: WORKFLOW }, ISSUER);
    ({ id: workflow } = await api.create(build.entry));
  });

  it('finds by email, whatever the case', async () => {
    expect(await api.search({ email: 'alice@example.COM' })).toEqual([alice]);
  });

  it('finds by hash, bare or with its algorithm', async () => {
    for (const hash of [digest('by alice'), `sha256:${digest('by alice')}`, digest('by alice').toUpperCase()])
      expect(await api.search({ hash })).toEqual([alice]);
    expect(await api.search({ hash: 'ab'.repeat(32) })).toEqual([]);
    expect(await api.search({ hash: `sha1:${'ab'.repeat(20)}` })).toEqual([]);
    expect(await api.search({ hash: 'ab'.repeat(64) })).toEqual([]);
    expect(await api.search({ hash: `sha384:${'ab'.repeat(48)}` })).toEqual([]);
  });

  it('finds by certificate or key, however its PEM is laid out', async () => {
    const query = (pem: string): JsonObject => ({ publicKey: { format: 'x509', content: base64Of(pem) } });
    expect(await api.search(query(alicePem))).toEqual([alice]);
    expect(await api.search(query(` \n${alicePem.replaceAll('\n', '\r\n')}`))).toEqual([alice]);
    expect(await api.search(query(signer.publicKey.toPem()))).toEqual([]);
  });

  it('finds by any name of the certificate, and by the issuer of its token', async () => {
    expect(await api.search({ subject: WORKFLOW.toLowerCase() })).toEqual([workflow]);
    expect(await api.search({ subject: 'alice@example.com' })).toEqual([alice]);
    expect(await api.search({ issuer: ISSUER })).toEqual([workflow, alice]);
    expect(await api.search({ issuer: 'https://issuer.example.org' })).toEqual([]);
  });

  it('joins what is asked by or, unless told and', async () => {
    const both = { email: 'alice@example.com', hash: digest('by a workflow') };
    expect(await api.search(both)).toEqual([workflow, alice]);
    expect(await api.search({ ...both, operator: 'or' })).toEqual([workflow, alice]);
    expect(await api.search({ ...both, operator: 'and' })).toEqual([]);
    const narrow = { email: 'alice@example.com', hash: digest('by alice'), issuer: ISSUER, operator: 'and' };
    expect(await api.search(narrow)).toEqual([alice]);
    expect(await api.search({ issuer: ISSUER, subject: WORKFLOW, operator: 'and' })).toEqual([workflow]);
  });

  it('finds nothing for an empty query', async () => {
    expect(await api.search({})).toEqual([]);
    expect(await api.search({ email: '', hash: null, operator: 'and' })).toEqual([]);
  });

  it('gives pages, newest first', async () => {
    expect(await api.search({ issuer: ISSUER, limit: 1 })).toEqual([workflow]);
    const [[, { logIndex }] = ['', { logIndex: -1 }]] = await api.retrieve({ entryUUIDs: [workflow] });
    expect(await api.search({ issuer: ISSUER, limit: 1, before: logIndex })).toEqual([alice]);
    expect(await api.search({ issuer: ISSUER, before: 0 })).toEqual([]);
  });

  it('finds an entry the moment it is logged', async () => {
    for (let i = 0; i < 20; i++) {
      const { entry } = await certified(
        `at once ${i}`,
        { type: 'email', value: `at-once-${i}@example.com` },
        ISSUER,
      );
      const { id } = await api.create(entry);
      expect(await api.search({ email: `at-once-${i}@example.com` })).toEqual([id]);
    }
  });

  it('takes a trailing slash, and answers any origin', async () => {
    const response = await fetch(`${stage.url}/api/v1/index/retrieve/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://ui.example' },
      body: '{}',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual([]);
  });

  it.each<[string, unknown, number, number, string | RegExp]>([
    ['an email that is none', { email: 'x' }, 422, 601, 'email in body must be of type email: "x"'],
    ['an email that is no text', { email: 5 }, 400, 400, /email is no text/],
    ['a hash of another length', { hash: 'ab' }, 422, 605, /^hash in body should match/],
    ['a hash with the algorithm of another', { hash: `sha1:${'ab'.repeat(32)}` }, 422, 605, /^hash in body/],
    [
      'an operator of another kind',
      { operator: 'xor' },
      422,
      606,
      'operator in body should be one of [and or]',
    ],
    ['a key without format', { publicKey: {} }, 422, 602, 'publicKey.format in body is required'],
    [
      'a key of an unknown format',
      { publicKey: { format: 'x', content: '' } },
      422,
      606,
      'publicKey.format in body should be one of [pgp x509 minisign ssh tuf]',
    ],
    [
      'a key of a format that is not here',
      { publicKey: { format: 'pgp', content: 'AAAA' } },
      400,
      400,
      'the PKI format requested is not supported by this server',
    ],
    [
      'a key that is none',
      { publicKey: { format: 'x509', content: 'AAAA' } },
      400,
      400,
      'public key provided could not be parsed',
    ],
    [
      'a key that is no base64',
      { publicKey: { format: 'x509', content: '*' } },
      400,
      400,
      /could not be parsed/,
    ],
    [
      'a key by its address, which nobody dials',
      { publicKey: { format: 'x509', url: 'http://127.0.0.1:1/key.pem' } },
      400,
      400,
      'public key provided could not be parsed',
    ],
    ['a subject that is too long', { subject: 'x'.repeat(513) }, 422, 603, /at most 512 chars/],
    ['a subject that is no text in a database', { subject: 'a\0b' }, 422, 601, /well-formed/],
    ['half a character', '{"subject":"\\ud800"}', 422, 601, /well-formed/],
    ['a limit of zero', { limit: 0 }, 422, 609, /greater than or equal to 1/],
    ['a limit beyond all', { limit: 10_001 }, 422, 608, /less than or equal to 10000/],
    ['a limit that is no number', { limit: '1' }, 400, 400, /limit is no integer/],
    ['a list', [], 400, 400, /no JSON object/],
    ['malformed JSON', '{', 400, 400, /malformed JSON/],
    ['nothing', '', 422, 602, 'query in body is required'],
  ])('refuses %s', async (_, query, status, code, message) => {
    await expectError(await ask(query), status, code, message);
  });

  it('answers 405 to another method', async () => {
    const response = await api.get('/api/v1/index/retrieve');
    expect(response.headers.get('allow')).toBe('POST');
    await expectError(response, 405, 405, /not allowed/);
  });
});

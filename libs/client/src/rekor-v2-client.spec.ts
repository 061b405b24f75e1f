import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { RekorV2Client, type SignedDigest } from './rekor-v2-client.ts';
import { failure, ScriptedServer } from './testonly/scripted-server.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start(fetch);
});
afterEach(() => server.stop());

const hash = encodeBase64(new Uint8Array(32).fill(7));
/** As rekor-tiles answers it, unset fields included. */
const entry = {
  logIndex: '735',
  logId: { keyId: hash },
  kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
  integratedTime: '0',
  inclusionPromise: null,
  inclusionProof: {
    logIndex: '735',
    rootHash: hash,
    treeSize: '736',
    hashes: [hash],
    checkpoint: { envelope: 'a checkpoint' },
  },
  canonicalizedBody: 'e30=',
};
const signed: SignedDigest = {
  digest: Uint8Array.of(1),
  signature: Uint8Array.of(2),
  verifier: { form: 'x509Certificate', rawBytes: Uint8Array.of(3) },
  keyDetails: 'PKIX_ECDSA_P256_SHA_256',
};
const add = (request = signed) => new RekorV2Client(server.options()).add(request);

it('logs a hashedrekord 0.0.2 and returns the entry in the form of bundles', async () => {
  server.answer(201, entry);
  expect(await add()).toEqual({
    logIndex: 735n,
    logId: new Uint8Array(32).fill(7),
    kind: 'hashedrekord',
    kindVersion: '0.0.2',
    integratedTimeSeconds: 0n,
    inclusionProof: {
      logIndex: 735n,
      rootHash: new Uint8Array(32).fill(7),
      treeSize: 736n,
      hashes: [new Uint8Array(32).fill(7)],
      checkpoint: 'a checkpoint',
    },
    canonicalizedBody: encodeUtf8('{}'),
  });
  const [request] = server.seen;
  expect([request?.method, request?.url, request?.headers['content-type']]).toEqual([
    'POST',
    '/base/api/v2/log/entries',
    'application/json',
  ]);
  expect(JSON.parse(String(request?.body))).toEqual({
    hashedRekordRequestV002: {
      digest: 'AQ==',
      signature: {
        content: 'Ag==',
        verifier: { x509Certificate: { rawBytes: 'Aw==' }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' },
      },
    },
  });
});

it('logs a signature by a bare key', async () => {
  server.answer(201, entry);
  await add({ ...signed, verifier: { form: 'publicKey', rawBytes: Uint8Array.of(3) } });
  expect(JSON.parse(String(server.seen[0]?.body))).toMatchObject({
    hashedRekordRequestV002: { signature: { verifier: { publicKey: { rawBytes: 'Aw==' } } } },
  });
});

it.each([
  ['an unknown field', { ...entry, signedEntryTimestamp: 'AA==' }],
  ['no log ID', { ...entry, logId: undefined }],
  ['no body', { ...entry, canonicalizedBody: '' }],
  ['a negative index', { ...entry, logIndex: '-1' }],
  [
    'a root hash of another size',
    { ...entry, inclusionProof: { ...entry.inclusionProof, rootHash: 'AA==' } },
  ],
  ['no checkpoint', { ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: undefined } }],
  ['a list', [entry]],
  ['no JSON', 'entry'],
  ['deep nesting', '['.repeat(100_000)],
])('refuses an answer with %s', async (_name, value) => {
  server.answer(201, value);
  expect((await failure(add(), 'MALFORMED')).step).toBe('log entry');
});

it('passes on why the log refuses', async () => {
  server.answer(400, { code: 3, message: 'invalid hashedrekord request', details: [] });
  expect(await failure(add(), 'STATUS')).toMatchObject({
    status: 400,
    serverMessage: 'invalid hashedrekord request',
  });
});

it('does not take an equivalent entry for its own', async () => {
  server.answer(409, { code: 6, message: 'an equivalent entry already exists' }, { 'x-log-index': '7' });
  expect((await failure(add(), 'STATUS')).status).toBe(409);
});

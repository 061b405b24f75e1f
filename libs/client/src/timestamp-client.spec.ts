import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { sha256 } from '@sigstead/crypto';
import { derInteger, derSequence } from '@sigstead/encoding';
import { parseTimeStampReq } from '@sigstead/timestamp';
import { failure, ScriptedServer } from './testonly/scripted-server.ts';
import { TimestampClient } from './timestamp-client.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start(fetch);
});
afterEach(() => server.stop());

const signature = Uint8Array.of(1, 2, 3);
const token = derSequence(derInteger(1n));
const response = (status: bigint, ...rest: Uint8Array[]) =>
  derSequence(derSequence(derInteger(status)), ...rest);
const stamp = () =>
  new TimestampClient({ ...server.options(), baseUrl: `${server.baseUrl}api/v1/timestamp` }).timestamp(
    signature,
  );

it.each([
  [200, 0n],
  [201, 1n],
])('takes a timestamp of status %d, granted with %d', async (status, granted) => {
  server.answer(status, response(granted, token), { 'content-type': 'application/timestamp-reply' });
  expect(await stamp()).toEqual(response(granted, token));
  const [request] = server.seen;
  expect([request?.method, request?.url, request?.headers['content-type']]).toEqual([
    'POST',
    '/base/api/v1/timestamp',
    'application/timestamp-query',
  ]);
  expect(parseTimeStampReq(request?.body as Buffer)).toEqual({
    hash: 'sha256',
    hashedMessage: sha256(signature),
    policy: undefined,
    nonce: undefined,
    certReq: false,
    extensions: [],
  });
});

it.each([
  ['a rejection', response(2n)],
  ['a status alone', response(0n)],
  ['bytes after it', Buffer.concat([response(0n, token), Uint8Array.of(0)])],
  ['text', 'timestamp'],
  ['nothing', ''],
  ['more than a timestamp', response(0n, derSequence(new Uint8Array(70_000)))],
])('refuses an answer with %s', async (_name, value) => {
  server.answer(200, value);
  expect((await failure(stamp(), 'MALFORMED')).step).toBe('timestamp');
});

it('passes on why the authority refuses', async () => {
  server.answer(400, { code: 400, message: 'Weak hash algorithm in timestamp request' });
  expect((await failure(stamp(), 'STATUS')).serverMessage).toContain('Weak hash');
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeBase64 } from '@sigstead/encoding';
import { CtClient } from './ct-client.ts';
import { FulcioClient } from './fulcio-client.ts';
import { RekorClient } from './rekor-client.ts';
import { failure, ScriptedServer } from './testonly/scripted-server.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start(fetch);
});
afterEach(() => server.stop());

const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
  server.answer(status, value, headers);
const options = (timeoutMs?: number) => server.options(timeoutMs);

const certificateRequest = {
  token: 'head.payload.tail',
  publicKeyPem: 'PEM',
  proofOfPossession: new Uint8Array([1, 2, 3]),
};

describe('FulcioClient', () => {
  it('sends key, proof and token as Fulcio v2 wants them and returns the chain', async () => {
    json(200, { signedCertificateEmbeddedSct: { chain: { certificates: ['leaf', 'issuer'] } } });
    expect(await new FulcioClient(options()).createSigningCertificate(certificateRequest)).toEqual({
      chainPem: ['leaf', 'issuer'],
    });
    const [request] = server.seen;
    expect([request?.method, request?.url]).toEqual(['POST', '/base/api/v2/signingCert']);
    expect(request?.headers.authorization).toBe('Bearer head.payload.tail');
    expect(JSON.parse(String(request?.body))).toEqual({
      publicKeyRequest: { publicKey: { algorithm: 'ECDSA', content: 'PEM' }, proofOfPossession: 'AQID' },
    });
  });

  it("passes on the authority's reason, apart and made printable", async () => {
    json(400, { code: 3, message: 'There was an error\n processing\u001b the identity token', details: [] });
    const error = await failure(
      new FulcioClient(options()).createSigningCertificate(certificateRequest),
      'STATUS',
    );
    expect([error.status, error.step, error.host]).toEqual([
      400,
      'signing certificate',
      new URL(server.baseUrl).host,
    ]);
    expect(error.serverMessage).toBe('There was an error processing? the identity token');
  });

  it.each([
    ['a detached SCT', { signedCertificateDetachedSct: { chain: { certificates: ['leaf'] } } }],
    ['no certificate', { signedCertificateEmbeddedSct: { chain: { certificates: [] } } }],
    [
      'a chain without end',
      { signedCertificateEmbeddedSct: { chain: { certificates: Array.from({ length: 11 }, () => 'x') } } },
    ],
    ['no JSON', 'certificate'],
    ['null', null],
  ])('refuses %s', async (_name, value) => {
    json(200, value);
    await failure(new FulcioClient(options()).createSigningCertificate(certificateRequest), 'MALFORMED');
  });

  it('never shows the token, whatever happens', async () => {
    for (const token of ['secret.secret.secret', 'secret secret', 'secret\nsecret', 'secrét']) {
      json(307, '', { location: 'http://127.0.0.1:1/' });
      const error = await failure(
        new FulcioClient(options()).createSigningCertificate({ ...certificateRequest, token }),
        'STATUS',
      );
      expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain('secret');
    }
    expect(server.seen).toHaveLength(4);
  });

  it('reads the trust bundle', async () => {
    json(200, { chains: [{ certificates: ['a', 'b'] }] });
    expect(await new FulcioClient(options()).trustBundle()).toEqual({ chains: [['a', 'b']] });
  });
});

describe('every client', () => {
  const asked = () => new FulcioClient(options(200)).trustBundle();

  it('bounds the answer', async () => {
    server.respond = (_request, response) => {
      response.writeHead(200);
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
      };
      response.on('drain', pump);
      pump();
    };
    await failure(new FulcioClient(options()).trustBundle(), 'TOO_LARGE');
  });

  it('cuts long error texts', async () => {
    json(502, 'x'.repeat(1_000_000));
    expect((await failure(asked(), 'STATUS')).serverMessage?.length ?? 0).toBeLessThanOrEqual(500);
  });

  it('waits no longer than it is told, for headers and for the body', async () => {
    server.respond = () => undefined;
    await failure(asked(), 'TIMEOUT');
    server.respond = (_request, response) => void response.writeHead(200).write('{');
    await failure(asked(), 'TIMEOUT');
  });

  it('names a service that is not there', async () => {
    const gone = new FulcioClient({ baseUrl: 'http://127.0.0.1:1', fetch, timeoutMs: 1000 });
    expect((await failure(gone.trustBundle(), 'UNREACHABLE')).host).toBe('127.0.0.1:1');
  });

  it('refuses deep nesting', async () => {
    json(200, '['.repeat(100_000));
    await failure(asked(), 'MALFORMED');
  });
});

const uuid = '24296fb24b8ad77a' + 'ab'.repeat(32);
const entry = {
  body: 'e30=',
  integratedTime: 1_700_000_000,
  logID: 'cd'.repeat(32),
  logIndex: 7,
  verification: {
    signedEntryTimestamp: 'AA==',
    inclusionProof: {
      checkpoint: 'c',
      hashes: ['ef'.repeat(32)],
      logIndex: 7,
      rootHash: 'ef'.repeat(32),
      treeSize: 8,
    },
  },
};

describe('RekorClient', () => {
  it('creates an entry and returns it with its ID', async () => {
    json(201, { [uuid]: { ...entry, attestation: {} } }, { etag: uuid });
    expect(await new RekorClient(options()).create({ kind: 'hashedrekord' })).toEqual({ uuid, ...entry });
    expect([
      server.seen[0]?.url,
      server.seen[0]?.headers['content-type'],
      String(server.seen[0]?.body),
    ]).toEqual(['/base/api/v1/log/entries', 'application/json', '{"kind":"hashedrekord"}']);
  });

  it('fetches the entry that is there already after a 409', async () => {
    server.respond = (request, response) => {
      if (request.method === 'GET') response.writeHead(200).end(JSON.stringify({ [uuid]: entry }));
      else
        response
          .writeHead(409, { location: `/api/v1/log/entries/${uuid}` })
          .end('{"code":409,"message":"exists"}');
    };
    expect((await new RekorClient(options()).create({})).uuid).toBe(uuid);
    expect(server.seen[1]?.url).toBe(`/base/api/v1/log/entries/${uuid}`);
  });

  it.each(['', 'http://evil.example/x', `/api/v1/log/entries/../${uuid}x`])(
    'reports a 409 that points to %j',
    async (location) => {
      json(
        409,
        { code: 409, message: 'an equivalent entry already exists' },
        location === '' ? {} : { location },
      );
      expect((await failure(new RekorClient(options()).create({}), 'STATUS')).status).toBe(409);
      expect(server.seen).toHaveLength(1);
    },
  );

  it('refuses another entry than the one asked for', async () => {
    json(200, { ['00'.repeat(40)]: entry });
    await failure(new RekorClient(options()).get(uuid), 'MALFORMED');
  });

  const { verification } = entry;
  it.each([
    ['no entry', {}],
    ['two entries', { [uuid]: entry, ['00'.repeat(40)]: entry }],
    ['an ID that is none', { latest: entry }],
    ['no proof', { [uuid]: { ...entry, verification: { signedEntryTimestamp: 'AA==' } } }],
    ['a fractional index', { [uuid]: { ...entry, logIndex: 1.5 } }],
    ['an index beyond exact numbers', { [uuid]: { ...entry, logIndex: 2 ** 60 } }],
    [
      'a proof without end',
      {
        [uuid]: {
          ...entry,
          verification: {
            ...verification,
            inclusionProof: { ...verification.inclusionProof, hashes: Array(65).fill('ef'.repeat(32)) },
          },
        },
      },
    ],
  ])('refuses %s', async (_name, value) => {
    json(201, value);
    await failure(new RekorClient(options()).create({}), 'MALFORMED');
  });

  it('reads log info, key and consistency proofs', async () => {
    const rekor = new RekorClient(options());
    const info = {
      rootHash: 'ab'.repeat(32),
      treeSize: 3,
      treeID: '2605736670972794746',
      signedTreeHead: 'note',
    };
    json(200, { ...info, inactiveShards: null });
    expect(await rekor.logInfo()).toEqual(info);
    json(200, 'PEM');
    expect(await rekor.publicKey()).toBe('PEM');
    json(200, { rootHash: 'ab'.repeat(32), hashes: [] });
    expect(await rekor.proof(1n, 3n, '5')).toEqual({ rootHash: 'ab'.repeat(32), hashes: [] });
    expect(server.seen.at(-1)?.url).toBe('/base/api/v1/log/proof?firstSize=1&lastSize=3&treeID=5');
  });
});

describe('CtClient', () => {
  const signature = encodeBase64(new Uint8Array([4, 3, 0, 2, 9, 9]));
  const sct = {
    sct_version: 0,
    id: encodeBase64(new Uint8Array(32)),
    timestamp: 1_700_000_000_123,
    extensions: '',
    signature,
  };

  it('submits a precertificate chain and returns the SCT', async () => {
    json(200, sct);
    expect(await new CtClient(options()).addPreChain([new Uint8Array([1]), new Uint8Array([2])])).toEqual({
      version: 0,
      logId: new Uint8Array(32),
      timestampMs: 1_700_000_000_123n,
      extensions: new Uint8Array(0),
      hashAlgorithm: 4,
      signatureAlgorithm: 3,
      signature: new Uint8Array([9, 9]),
    });
    expect([server.seen[0]?.url, String(server.seen[0]?.body)]).toEqual([
      '/base/ct/v1/add-pre-chain',
      '{"chain":["AQ==","Ag=="]}',
    ]);
  });

  it.each([
    ['another version', { ...sct, sct_version: 1 }],
    ['a short log ID', { ...sct, id: 'AAAA' }],
    ['a signature cut short', { ...sct, signature: encodeBase64(new Uint8Array([4, 3, 0, 9, 1])) }],
    ['bytes after the signature', { ...sct, signature: encodeBase64(new Uint8Array([4, 3, 0, 1, 1, 1])) }],
    ['no base64', { ...sct, signature: '!' }],
    ['a negative time', { ...sct, timestamp: -1 }],
  ])('refuses %s', async (_name, value) => {
    json(200, value);
    await failure(new CtClient(options()).addPreChain([]), 'MALFORMED');
  });
});

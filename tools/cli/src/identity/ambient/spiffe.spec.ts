import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials, status, type Metadata, type ServiceDefinition } from '@grpc/grpc-js';
import { bareSurroundings } from '../../testonly/surroundings.ts';
import { findAmbientToken } from './ambient-token.ts';
import { decodeJwtSvids, encodeJwtSvidRequest } from './workload-api-messages.ts';

const field = (number: number, content: Uint8Array): Buffer => {
  const { length } = content;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), content]);
};
const svid = (token: string): Buffer =>
  field(1, Buffer.concat([field(1, Buffer.from('spiffe://acme/ci')), field(2, Buffer.from(token))]));

const bytes = { requestSerialize: Buffer.from, responseSerialize: Buffer.from };
const definition = {
  FetchJWTSVID: {
    path: '/SpiffeWorkloadAPI/FetchJWTSVID',
    requestStream: false,
    responseStream: false,
    requestDeserialize: (message: Buffer) => message,
    responseDeserialize: (message: Buffer) => message,
    ...bytes,
  },
} as unknown as ServiceDefinition;

describe('SPIFFE', () => {
  let directory: string;
  let socket: string;
  let server: Server;
  let seen: { request: Buffer; metadata: Metadata } | undefined;
  let answer: Uint8Array | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spiffe-'));
    socket = join(directory, 'api.sock');
    server = new Server();
    server.addService(definition, {
      FetchJWTSVID: (
        call: { request: Buffer; metadata: Metadata },
        callback: (error: object | null, message?: Buffer) => void,
      ) => {
        seen = { request: call.request, metadata: call.metadata };
        if (answer === undefined) callback({ code: status.PERMISSION_DENIED, details: 'no identity issued' });
        else callback(null, Buffer.from(answer));
      },
    });
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  });
  afterAll(async () => {
    server.forceShutdown();
    await rm(directory, { recursive: true, force: true });
  });

  const find = (endpoint: string) =>
    findAmbientToken(bareSurroundings({ environment: { SPIFFE_ENDPOINT_SOCKET: endpoint } }), undefined);

  it.each([[''], ['unix:'], ['unix://']])(
    'gives the first identity of the process, by %spath',
    async (scheme) => {
      const token = `eyJ.${'x'.repeat(500)}.c`;
      answer = Buffer.concat([svid(token), svid('eyJ.second.c')]);
      expect(await find(`${scheme}${socket}`)).toBe(token);
      expect(seen?.request.toString('latin1')).toBe('\x0a\x08sigstore');
      expect(seen?.metadata.get('workload.spiffe.io')).toEqual(['true']);
    },
  );

  it('says why it gives none', async () => {
    answer = undefined;
    await expect(find(socket)).rejects.toThrow('no identity issued');
    answer = new Uint8Array(0);
    await expect(find(socket)).rejects.toThrow('no identity to this process');
    await expect(find(join(directory, 'none.sock'))).rejects.toMatchObject({ exitCode: 1 });
    await expect(find('tcp://127.0.0.1:80')).rejects.toMatchObject({ exitCode: 2 });
  });

  it('is not looked for unasked', async () => {
    expect(await findAmbientToken(bareSurroundings(), undefined)).toBeUndefined();
  });
});

describe('workload API messages', () => {
  it('are written and read', () => {
    expect(Buffer.from(encodeJwtSvidRequest('ab')).toString('hex')).toBe('0a026162');
    expect(decodeJwtSvids(svid('eyJ.a.b'))).toEqual(['eyJ.a.b']);
  });

  it.each(['0a', '0aff', '0aff0f00', '0affffffff7f', '0800', 'ffffffffffffffff'])('refuse %s', (hex) => {
    expect(() => decodeJwtSvids(Buffer.from(hex, 'hex'))).toThrow('something else than tokens');
  });
});

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { googleStatusErrors } from './error-renderers.ts';
import type { Face } from './face.ts';
import { readRequestBody } from './request-body.ts';

const FACE: Face = { prefix: '/', errors: googleStatusErrors, bodyLimit: 100 };

describe('readRequestBody', () => {
  let server: Server;
  let client: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  });

  afterEach(() => {
    client.destroy();
    server.close();
  });

  async function receive(request: string): Promise<IncomingMessage> {
    client.write(`POST / HTTP/1.1\r\nhost: x\r\n${request}`);
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    return incoming;
  }

  it.each([
    ['announced', 'content-length: 50\r\n\r\n{"a'],
    ['chunked', 'transfer-encoding: chunked\r\n\r\n5\r\n{"a'],
  ])('tells a client that hangs up within an %s body from a failure of the service', async (_, request) => {
    const body = readRequestBody(await receive(request), FACE, '');
    client.destroy();
    await expect(body).rejects.toMatchObject({ status: 499, options: { type: 'client-gone' } });
  });

  it('leaves the connection alone when a body grows over the limit', async () => {
    const incoming = await receive('transfer-encoding: chunked\r\n\r\n65\r\n' + 'x'.repeat(101));
    await expect(readRequestBody(incoming, FACE, '')).rejects.toMatchObject({ status: 413 });
    expect([incoming.destroyed, incoming.socket.destroyed]).toEqual([false, false]);
  });

  it('refuses a body of very many small pieces, each of which costs a hundredfold', async () => {
    const face: Face = { ...FACE, bodyLimit: 1 << 20 };
    const incoming = await receive('transfer-encoding: chunked\r\n\r\n' + '1\r\nx\r\n'.repeat(20_000));
    await expect(readRequestBody(incoming, face, '')).rejects.toMatchObject({
      status: 400,
      options: { type: 'body-in-pieces' },
    });
  });

  it('waits no longer than it is told', async () => {
    const incoming = await receive('content-length: 50\r\n\r\n{"a');
    await expect(readRequestBody(incoming, FACE, '', 50)).rejects.toMatchObject({
      status: 408,
      options: { type: 'body-too-slow' },
    });
  });

  it('takes many pieces of a useful size', async () => {
    const face: Face = { ...FACE, bodyLimit: 4 << 20 };
    const piece = `80\r\n${'x'.repeat(128)}\r\n`;
    const incoming = await receive('transfer-encoding: chunked\r\n\r\n' + piece.repeat(20_000) + '0\r\n\r\n');
    expect(await readRequestBody(incoming, face, '')).toHaveLength(128 * 20_000);
  });

  it('takes a body of exactly the limit, in parts', async () => {
    const incoming = await receive('content-length: 100\r\n\r\n' + 'x'.repeat(60));
    client.write('y'.repeat(40));
    expect(await readRequestBody(incoming, FACE, '')).toHaveLength(100);
  });
});

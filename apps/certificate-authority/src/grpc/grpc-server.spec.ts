import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLog, createRegistry } from '@sigstead/server';
import { TestGrpcClient } from '../testonly/grpc-client.ts';
import { GrpcMetrics } from './grpc-metrics.ts';
import { GrpcServer, type GrpcServerOptions } from './grpc-server.ts';
import { unaryService, type UnaryHandler } from './unary-service.ts';

const ECHO = '/test.Echo/Echo';
const MAX_MESSAGE = 4 * 1024 * 1024;

let server: GrpcServer | undefined;
let logged = '';
const clients: (TestGrpcClient | ClientHttp2Session | Socket)[] = [];

async function start(handlers: Record<string, UnaryHandler>, options?: GrpcServerOptions): Promise<number> {
  const methods = Object.keys(handlers).map((method) => ({ service: 'test.Echo', method }));
  const context = {
    metrics: new GrpcMetrics(createRegistry(), methods),
    log: createLog('echo', 'info', (line) => {
      logged += line;
    }),
    explain: () => undefined,
  };
  server = new GrpcServer([unaryService('test.Echo', handlers, context)], options);
  return server.listen(0, '127.0.0.1');
}

function grpcClient(port: number): TestGrpcClient {
  const client = new TestGrpcClient(`127.0.0.1:${port}`);
  clients.push(client);
  return client;
}

/** HTTP/2 by hand, for what a client of gRPC would not do. */
function http2Client(port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  clients.push(session);
  return session;
}

const echo = (message: Uint8Array): Uint8Array => message;
const HEADERS = {
  ':method': 'POST',
  ':path': ECHO,
  'content-type': 'application/grpc',
  te: 'trailers',
};

afterEach(async () => {
  for (const client of clients.splice(0)) {
    if ('destroy' in client) client.destroy();
    else client.close();
  }
  await server?.close();
  server = undefined;
  logged = '';
});

describe('a gRPC server', () => {
  it('hides what it cannot explain, and logs it', async () => {
    const port = await start({
      Echo: () => {
        throw new Error('password=hunter2');
      },
    });
    expect(await grpcClient(port).call(ECHO, new Uint8Array())).toMatchObject({
      code: 'INTERNAL',
      details: 'internal error',
    });
    expect(logged).toContain('hunter2');
  });

  it('takes messages of up to four megabytes', async () => {
    let length = 0;
    const port = await start({
      Echo: (message) => {
        length = message.length;
        return new Uint8Array();
      },
    });
    expect(await status(http2Client(port), frame(0, MAX_MESSAGE, Buffer.alloc(MAX_MESSAGE)))).toBe('0');
    expect(length).toBe(MAX_MESSAGE);
  });

  it.each<[string, () => Buffer, Record<string, string>]>([
    ['announced', () => frame(0, MAX_MESSAGE + 1, Buffer.alloc(10)), {}],
    ['sent', () => frame(0, MAX_MESSAGE + 1, Buffer.alloc(MAX_MESSAGE + 1)), {}],
    [
      'hidden in a compressed message',
      () => {
        const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
        return frame(1, packed.length, packed);
      },
      { 'grpc-encoding': 'gzip' },
    ],
  ])('refuses a message over the bound, %s: RESOURCE_EXHAUSTED', async (_name, body, headers) => {
    const port = await start({ Echo: echo });
    expect(await status(http2Client(port), body(), headers)).toBe('8');
  });

  it('answers a request that does not arrive: DEADLINE_EXCEEDED', async () => {
    const port = await start({ Echo: echo }, { requestTimeoutMs: 50 });
    const stream = http2Client(port).request(HEADERS, { endStream: false });
    stream.on('error', () => undefined).write(Buffer.of(0, 0));
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    expect(headers).toMatchObject({
      'grpc-status': '4',
      'grpc-message': 'no%20whole%20request%20within%2050%20ms',
    });
  });

  it("keeps the client's deadline", async () => {
    const port = await start({ Echo: () => new Promise<Uint8Array>(() => undefined) });
    expect(await status(http2Client(port), frame(0, 0, Buffer.alloc(0)), { 'grpc-timeout': '50m' })).toBe(
      '4',
    );
  });

  it('answers a second message, no message, and a broken one without harm', async () => {
    const port = await start({ Echo: echo });
    const session = http2Client(port);
    const empty = frame(0, 0, Buffer.alloc(0));
    expect(await status(session, Buffer.concat([empty, empty]))).toBe('12');
    expect(await status(session, Buffer.alloc(0))).toBe('12');
    expect(await status(session, frame(1, 3, Buffer.from('abc')), { 'grpc-encoding': 'gzip' })).toBe('13');
    expect(await status(session, frame(1, 3, Buffer.from('abc')), { 'grpc-encoding': 'zstd' })).toBe('12');
    expect(await status(session, empty)).toBe('0');
  });

  it('answers 415 to what is not gRPC', async () => {
    const port = await start({ Echo: echo });
    const stream = http2Client(port).request({ ...HEADERS, 'content-type': 'application/json' });
    const [headers] = (await once(stream.end('{}'), 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(415);
  });

  it('allows a hundred calls at a time on one connection', async () => {
    const port = await start({ Echo: echo });
    const session = http2Client(port);
    const [settings] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
    expect(settings.maxConcurrentStreams).toBe(100);
  });

  it('closes connections without a call', async () => {
    const port = await start({ Echo: echo }, { idleMs: 50 });
    const session = http2Client(port);
    await once(session, 'close');
    expect(session.destroyed).toBe(true);
  });

  it('closes connections that speak something else', async () => {
    const port = await start({ Echo: echo });
    const socket = connect(port, '127.0.0.1');
    clients.push(socket);
    socket.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(await status(http2Client(port), frame(0, 0, Buffer.alloc(0)))).toBe('0');
  });
});

describe('closing', () => {
  it('lets answers finish, then takes nothing more', async () => {
    let finish: (() => void) | undefined;
    let entered: (() => void) | undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const port = await start({
      Echo: async () => {
        entered?.();
        await new Promise<void>((resolve) => (finish = resolve));
        return new Uint8Array();
      },
    });
    const session = http2Client(port);
    const answered = status(session, frame(0, 0, Buffer.alloc(0)));
    await inside;
    const closed = server?.close();
    expect(server?.close()).toBe(closed);
    finish?.();
    expect(await answered).toBe('0');
    await closed;
    const late = connect(port, '127.0.0.1');
    clients.push(late);
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('turns away connections that others hand in afterwards', async () => {
    await start({ Echo: echo });
    await server?.close();
    const socket = connect(await start({ Echo: echo }), '127.0.0.1');
    clients.push(socket);
    await once(socket, 'connect');
    await server?.close();
    server?.accept(socket);
    expect(socket.destroyed).toBe(true);
  });
});

/** A length-prefixed message (gRPC over HTTP/2, "Requests"). */
function frame(compressed: 0 | 1, length: number, message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** `grpc-status` of one call, wherever it comes. */
async function status(
  session: ClientHttp2Session,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  const stream = session.request({ ...HEADERS, ...headers }, { endStream: false });
  let found = '';
  stream.on('error', () => undefined);
  for (const event of ['response', 'trailers'])
    stream.on(event, (fields: Record<string, string>) => {
      found = fields['grpc-status'] ?? found;
      if (found !== '' && !stream.writableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  stream.resume().end(body);
  await once(stream, 'close');
  return found;
}

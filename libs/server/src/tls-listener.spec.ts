import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from './config.ts';
import type { Listener, RequestHandler } from './listen.ts';
import { createLog } from './log.ts';
import { listenTls, type Http2Acceptor } from './tls-listener.ts';

let directory: string;
let listener: Listener | undefined;
let heard: (line: string) => void = () => undefined;

const path = (name: string) => join(directory, name);
const files = () => ({ certificateFile: path('server.pem'), keyFile: path('server.key') });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-tls-'));
  for (const name of ['one', 'two']) {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const out = ['-keyout', path(`${name}.key`), '-out', path(`${name}.pem`)];
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...out, '-days', '2', ...names], { stdio: 'ignore' });
  }
});
beforeEach(() => install('one', 'one'));
afterEach(async () => {
  await listener?.close();
  listener = undefined;
  heard = () => undefined;
});
afterAll(() => rm(directory, { recursive: true }));

async function install(certificate: string, key: string): Promise<void> {
  await copyFile(path(`${key}.key`), path('server.key'));
  await copyFile(path(`${certificate}.pem`), path('server.pem'));
}

const greet: RequestHandler = (request, response) =>
  response.end(`HTTP/${request.httpVersion} ${request.url}`);

async function start(options: { http2?: Http2Acceptor; handler?: RequestHandler } = {}): Promise<number> {
  listener = await listenTls({
    port: 0,
    host: '127.0.0.1',
    files: files(),
    handler: greet,
    log: createLog('tls', 'info', (line) => heard(line)),
    checkFilesMs: 20,
    ...options,
  });
  return Number(new URL(listener.url).port);
}

/** A stand-in for what speaks HTTP/2: Node's own server. */
function http2Acceptor(): Http2Acceptor {
  const server = createHttp2Server((request, response) => response.end(`HTTP/2 ${request.url}`));
  const sockets = new Set<Duplex>();
  return {
    accept: (socket) => {
      sockets.add(socket);
      server.emit('connection', socket);
    },
    close: async () => sockets.forEach((socket) => socket.destroy()),
  };
}

/** What the server chose of the client's protocols, or its alert. */
async function handshake(
  port: number,
  protocols: string[] | undefined,
  options = {},
): Promise<TLSSocket | string> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(protocols === undefined ? {} : { ALPNProtocols: protocols }),
    ...options,
  });
  try {
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

async function chosen(port: number, protocols: string[] | undefined): Promise<string | false | null> {
  const socket = await handshake(port, protocols);
  if (typeof socket === 'string') return socket;
  socket.destroy();
  return socket.alpnProtocol;
}

function getHttps(port: number, options = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/x', rejectUnauthorized: false, ...options }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('end', () => resolve(text));
    }).on('error', reject);
  });
}

describe('one TLS port', () => {
  it.each<[string[] | undefined, string | false]>([
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
    [['h2'], 'h2'],
    [undefined, false],
    [['spdy/3'], 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
  ])('answers a client that offers %j with %j', async (offered, expected) => {
    expect(await chosen(await start({ http2: http2Acceptor() }), offered)).toBe(expected);
  });

  it('serves HTTP/1.1, in origin form, whether or not the client offers it', async () => {
    const port = await start({ http2: http2Acceptor() });
    expect(await getHttps(port)).toBe('HTTP/1.1 /x');
    expect(await getHttps(port, { ALPNProtocols: ['h2', 'http/1.1'] })).toBe('HTTP/1.1 /x');
    expect(await getHttps(port, { path: 'https://localhost/x?y' })).toBe('HTTP/1.1 /x?y');
  });

  it('hands the decrypted connection of an HTTP/2 client over', async () => {
    const port = await start({ http2: http2Acceptor() });
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/x' });
    let text = '';
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(stream, 'end');
    session.destroy();
    expect(text).toBe('HTTP/2 /x');
  });

  it('turns HTTP/2 clients away when nothing there speaks it', async () => {
    expect(await chosen(await start(), ['h2'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  });

  it('speaks no TLS older than 1.3', async () => {
    const port = await start();
    expect(await handshake(port, undefined, { maxVersion: 'TLSv1.2' })).toBe(
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    );
  });
});

describe('the certificate', () => {
  it.each<[string, () => Promise<void>, RegExp]>([
    [
      'is missing',
      () => rm(path('server.pem')),
      /server\.pem with the key in .*server\.key is not usable: ENOENT/,
    ],
    ['is no PEM', () => writeFile(path('server.pem'), 'garbage'), /not usable: .*PEM/],
    ['has another key', () => install('one', 'two'), /not usable: .*key values mismatch/],
  ])('that %s keeps it from starting', async (_name, spoil, message) => {
    await spoil();
    const attempt = start();
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('is replaced when the files change, and kept when they hold nothing usable', async () => {
    const port = await start();
    const subject = async () => {
      const socket = (await handshake(port, undefined)) as TLSSocket;
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    const lines: string[] = [];
    const next = (message: string) =>
      new Promise<void>((resolve) => {
        heard = (line) => {
          lines.push(line);
          if (line.includes(message)) resolve();
        };
      });
    expect(await subject()).toBe('one');
    const kept = next('TLS certificate kept');
    await writeFile(path('server.pem'), 'half of a certi');
    await kept;
    expect(await subject()).toBe('one');
    const replaced = next('TLS certificate replaced');
    await install('two', 'two');
    await replaced;
    expect(await subject()).toBe('two');
    expect(lines.join('')).not.toContain(await readFile(path('two.key'), 'utf8'));
  });
});

describe('closing', () => {
  it('lets answers finish and closes what speaks HTTP/2', async () => {
    let finish: (() => void) | undefined;
    let asked: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const handler: RequestHandler = (_request, response) => {
      finish = () => response.end('late');
      asked?.();
    };
    const port = await start({ http2: http2Acceptor(), handler });
    const http2 = (await handshake(port, ['h2'])) as TLSSocket;
    http2.on('error', () => undefined).resume();
    const answer = getHttps(port);
    await arrived;
    const closed = Promise.all([listener?.close(), once(http2, 'close')]);
    finish?.();
    expect(await answer).toBe('late');
    await closed;
    expect(await handshake(port, undefined)).toBe('ECONNREFUSED');
  });
});

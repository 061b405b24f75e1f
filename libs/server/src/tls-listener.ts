import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import {
  baseUrl,
  drainServer,
  httpWaits,
  inOriginForm,
  type Listener,
  type RequestHandler,
} from './listen.ts';
import type { Log } from './log.ts';
import { readTlsKeyPair, watchTlsKeyPair, type TlsFiles } from './tls-key-pair.ts';

/** Takes over connections on which the client speaks HTTP/2. */
export interface Http2Acceptor {
  accept(socket: Duplex): void;
  /** Lets answers finish and closes the connections. May be called more than once. */
  close(): Promise<void>;
}

export interface TlsOptions {
  readonly port: number;
  readonly host: string;
  readonly files: TlsFiles;
  /** Answers HTTP/1.1. */
  readonly handler: RequestHandler;
  /** Closed with the listener. Without it, clients that speak HTTP/2 only are turned away. */
  readonly http2?: Http2Acceptor;
  readonly log: Log;
  /** How often the files are looked at for another certificate. */
  readonly checkFilesMs?: number;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const CHECK_FILES_MS = 10_000;

/**
 * TLS 1.3 on one port for two protocols, told apart by ALPN (RFC 7301): a client that offers `http/1.1`, or nothing, gets HTTP/1.1,
 * one that offers `h2` without it gets HTTP/2. Clients of gRPC are the only ones to offer that.
 *
 * @throws ConfigError when the certificate or its key is not usable
 */
export async function listenTls(options: TlsOptions): Promise<Listener> {
  const { port, host, files, handler, http2, log, checkFilesMs = CHECK_FILES_MS } = options;
  const pair = await readTlsKeyPair(files);
  const settings = { ...pair, minVersion: 'TLSv1.3' } as const;
  const server = createServer(
    {
      ...httpWaits,
      ...settings,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNCallback: ({ protocols }) =>
        ['http/1.1', ...(http2 === undefined ? [] : ['h2'])].find((name) => protocols.includes(name)),
    },
    inOriginForm(handler),
  );
  if (http2 !== undefined) divert(server, http2);
  server.listen(port, host);
  await once(server, 'listening');
  const stopWatching = watchTlsKeyPair(files, pair, {
    use: (found) => server.setSecureContext({ ...settings, ...found }),
    log,
    everyMs: checkFilesMs,
  });
  return {
    url: baseUrl('https', server),
    close: async () => {
      stopWatching();
      await Promise.all([drainServer(server), http2?.close()]);
    },
  };
}

/** Puts itself before the listener by which Node's server takes over decrypted connections for HTTP/1.1. */
function divert(server: ReturnType<typeof createServer>, http2: Http2Acceptor): void {
  const http1 = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') http2.accept(socket);
    else for (const take of http1) take.call(server, socket);
  });
}

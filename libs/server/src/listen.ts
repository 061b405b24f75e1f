import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that takes connections. */
export interface Listener {
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Takes no new connections, lets answers finish (10 s at most). */
  close(): Promise<void>;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Bounds for slow clients, of every HTTP server here. */
export const httpWaits = {
  /**
   * Of an idle connection; longer than clients and proxies keep theirs (Go 90 s, nginx and load balancers 60 s): whoever closes
   * first must be the client, since a request that meets a closing connection is lost, and nobody sends a POST again by itself.
   */
  keepAliveTimeout: 95_000,
  /** For a whole upload to arrive; bodies that are collected have a minute (`readRequestBody`), streams are watched by who reads them. */
  requestTimeout: 6 * 3_600_000,
  headersTimeout: 15_000,
  /** How often Node looks for connections that are late; its own 30 s would add to both timeouts. */
  connectionsCheckingInterval: 5_000,
};

const DRAIN_MS = 10_000;

/** An HTTP server with bounded waits, listening. */
export async function listenHttp(port: number, host: string, handler: RequestHandler): Promise<Listener> {
  const server = createServer(httpWaits, inOriginForm(handler));
  server.listen(port, host);
  await once(server, 'listening');
  return { url: baseUrl('http', server), close: () => drainServer(server) };
}

/** A request target may be a whole URL, and servers must take that (RFC 9112 section 3.2.2): everything here sees paths. */
export function inOriginForm(handler: RequestHandler): RequestHandler {
  return (request, response) => {
    const [origin] = /^https?:\/\/[^/?]*/i.exec(request.url ?? '') ?? [];
    if (origin !== undefined) {
      const rest = (request.url as string).slice(origin.length);
      request.url = rest.startsWith('/') ? rest : `/${rest}`;
    }
    handler(request, response);
  };
}

/** Stops accepting, waits for answers under way, then cuts what is left. */
export async function drainServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Keep-alive connections become idle one by one as their answers end.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

export function baseUrl(scheme: 'http' | 'https', server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

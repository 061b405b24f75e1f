import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CliError, exitCodes } from '../../cli-error.ts';

/** What the browser brought, and the way to tell it how the login ended. */
export interface Redirect {
  readonly parameters: URLSearchParams;
  answer(ok: boolean): Promise<void>;
}

const PATH = '/auth/callback';
const MAX_HEADER_BYTES = 32 * 1024;
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'",
  connection: 'close',
};

/**
 * Waits on this machine for the browser to come back from the issuer (RFC 8252 section 7.3): for one answer and for a while. What
 * comes after the first answer finds nobody.
 */
export class RedirectListener {
  /** As the issuer is told. */
  readonly url: string;
  readonly #servers: readonly Server[];
  readonly #path: string;
  readonly #host: string;
  #arrived: ((redirect: Redirect) => void) | undefined;
  readonly #arrival: Promise<Redirect>;

  private constructor(servers: readonly Server[], url: string) {
    this.#servers = servers;
    this.url = url;
    const { pathname, host } = new URL(url);
    this.#path = pathname;
    this.#host = host;
    this.#arrival = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    for (const server of servers) server.on('request', (request, response) => this.#serve(request, response));
  }

  /**
   * @param redirectUrl an address of this machine that is registered at the issuer; without one, any free port
   * @throws CliError
   */
  static async open(redirectUrl?: string): Promise<RedirectListener> {
    if (redirectUrl === undefined) {
      const servers = await listenOnLoopback(0);
      return new RedirectListener(servers, `http://localhost:${portOf(servers[0] as Server)}${PATH}`);
    }
    const url = URL.canParse(redirectUrl) ? new URL(redirectUrl) : undefined;
    if (url === undefined || url.protocol !== 'http:') {
      throw new CliError('--oidc-redirect-url is no http address of this machine', exitCodes.usage);
    }
    return new RedirectListener(await listenOnLoopback(Number(url.port || 80)), redirectUrl);
  }

  /** @throws CliError when nobody comes in time */
  async next(timeoutMs: number): Promise<Redirect> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new CliError(`nobody logged in within ${Math.round(timeoutMs / 1000)} s`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#arrival, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), 'close');
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    // A page that has its own name resolved to this machine gets no further (DNS rebinding).
    if (request.headers.host !== this.#host) return refuse(response, 421);
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname !== this.#path) return refuse(response, 404);
    if (request.method !== 'GET') return refuse(response, 405);
    if (this.#arrived === undefined) return refuse(response, 410);
    const arrived = this.#arrived;
    this.#arrived = undefined;
    for (const server of this.#servers) server.close();
    arrived({ parameters: url.searchParams, answer: (ok) => answer(response, ok) });
  }
}

const ATTEMPTS = 5;

/** Browsers take `localhost` for either address: both are held, lest somebody else listen on the other. */
async function listenOnLoopback(port: number): Promise<Server[]> {
  for (let attempt = 1; ; attempt++) {
    const first = await listen('127.0.0.1', port);
    try {
      return [first, await listen('::1', portOf(first))];
    } catch (error) {
      const code = codeOf(error);
      // A machine without IPv6.
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return [first];
      first.close();
      if (code !== 'EADDRINUSE' || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 10_000 });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `cannot listen for the browser on ${host}:${port} (${codeOf(cause)})`;
    throw new CliError(message, exitCodes.failed, { cause });
  }
  return server;
}

/** Of what the system refused. */
function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as NodeJS.ErrnoException;
  return code ?? (cause === undefined ? undefined : codeOf(cause));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, HEADERS).end();
}

async function answer(response: ServerResponse, ok: boolean): Promise<void> {
  if (response.destroyed) return;
  const text = ok ? 'You are logged in.' : 'The login failed: see the terminal.';
  response.writeHead(ok ? 200 : 400, HEADERS);
  const ended = Promise.race([once(response, 'finish'), once(response, 'close')]);
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sigstead</title>
<p>${text} You can close this page.
</html>
`);
  await ended;
}

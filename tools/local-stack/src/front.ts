import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Module } from '@nestjs/common';
import {
  createService,
  googleStatusErrors,
  isUnder,
  listenHttp,
  listenTls,
  problemJsonErrors,
  rekorErrors,
  type Http2Acceptor,
  type Listener,
  type Log,
  type Readiness,
  type Service,
  type TlsOptions,
} from '@sigstead/server';

/** Which service answers below which path of the one port. */
export interface Route {
  readonly prefix: string;
  readonly service: Service;
}

const MAX_BODY_BYTES = 64 * 1024;

@Module({})
class FrontModule {}

/**
 * The one port of the local stack: hands every request to the service that owns its path, so that each keeps its own
 * error shapes, bounds and routes, exactly as when it listens alone. What nobody owns (health, metrics) is its own.
 */
export class Front {
  readonly #own: Service;
  #routes: readonly Route[] = [];
  #grpc: Http2Acceptor | undefined;
  readonly #listeners: Listener[] = [];

  private constructor(own: Service) {
    this.#own = own;
  }

  static async create(registry: Service['registry'], log: Log): Promise<Front> {
    const own = await createService({
      name: 'local-stack',
      module: FrontModule,
      // What no service owns under the foreign APIs is answered as their clients read it.
      faces: [
        { prefix: '/', errors: problemJsonErrors, bodyLimit: MAX_BODY_BYTES },
        { prefix: '/api/v1', errors: rekorErrors, bodyLimit: MAX_BODY_BYTES },
        { prefix: '/api/v2', errors: googleStatusErrors, bodyLimit: MAX_BODY_BYTES },
      ],
      explain: () => undefined,
      checks: {},
      registry,
      log,
    });
    return new Front(own);
  }

  /** @param grpc answers those who speak HTTP/2 on the TLS port */
  route(routes: readonly Route[], grpc: Http2Acceptor): void {
    this.#routes = routes;
    this.#grpc = grpc;
  }

  listen(port: number, addresses: readonly string[]): Promise<void> {
    return this.#listenOnEach(addresses, (host) => listenHttp(port, host, this.#handler));
  }

  /** The same as on the one port, and gRPC. */
  listenTls(
    options: Pick<TlsOptions, 'port' | 'files' | 'log'>,
    addresses: readonly string[],
  ): Promise<void> {
    const http2: Http2Acceptor = {
      accept: (socket: Duplex) => (this.#grpc === undefined ? socket.destroy() : this.#grpc.accept(socket)),
      close: async () => this.#grpc?.close(),
    };
    const handler = this.#handler;
    return this.#listenOnEach(addresses, (host) => listenTls({ ...options, host, handler, http2 }));
  }

  async #listenOnEach(
    addresses: readonly string[],
    listen: (address: string) => Promise<Listener>,
  ): Promise<void> {
    for (const address of addresses) {
      try {
        this.#listeners.push(await listen(address));
      } catch (error) {
        // A machine without IPv6 has no ::1. Taken by another is something else: half of all clients would talk to that one.
        const isMissing = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(
          (error as NodeJS.ErrnoException).code ?? '',
        );
        if (address !== '::1' || !isMissing) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#own.close();
  }

  readonly #handler = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    if (path === '/readyz') {
      void this.#answerReadiness(response);
      return;
    }
    const owner = this.#routes.find(({ prefix }) => isUnder(path, prefix));
    (owner?.service ?? this.#own).handle(request, response);
  };

  /** All services' checks in one answer, named `service/check`. */
  async ready(): Promise<Readiness> {
    const services = new Set(this.#routes.map(({ service }) => service));
    const all = await Promise.all(
      [...services].map(async (service) => {
        const { checks } = await service.ready();
        return Object.entries(checks).map(([name, check]) => [`${service.name}/${name}`, check] as const);
      }),
    );
    const checks = all.flat();
    return {
      ready: services.size > 0 && checks.every(([, { ok }]) => ok),
      checks: Object.fromEntries(checks),
    };
  }

  async #answerReadiness(response: ServerResponse): Promise<void> {
    const readiness = await this.ready();
    response.writeHead(readiness.ready ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify(readiness));
  }
}

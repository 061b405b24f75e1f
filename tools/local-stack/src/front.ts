import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Module } from '@nestjs/common';
import {
  createService,
  drainServer,
  isUnder,
  listenOn,
  problemJsonErrors,
  type Log,
  type Readiness,
  type Service,
} from '@sigstead/server';

/** Which service answers below which path of the one port. */
export interface Route {
  readonly prefix: string;
  readonly service: Service;
}

@Module({})
class FrontModule {}

/**
 * The one port of the local stack: hands every request to the service that owns its path, so that each keeps its own
 * error shapes, bounds and routes, exactly as when it listens alone. What nobody owns (health, metrics) is its own.
 */
export class Front {
  readonly #own: Service;
  #routes: readonly Route[] = [];
  #servers: Server[] = [];

  private constructor(own: Service) {
    this.#own = own;
  }

  static async create(registry: Service['registry'], log: Log): Promise<Front> {
    const own = await createService({
      name: 'local-stack',
      module: FrontModule,
      faces: [{ prefix: '/', errors: problemJsonErrors, bodyLimit: 64 * 1024 }],
      explain: () => undefined,
      checks: {},
      registry,
      log,
    });
    return new Front(own);
  }

  route(routes: readonly Route[]): void {
    this.#routes = routes;
  }

  /** Listens on every address the name means: clients differ in which of `localhost`'s two they try. */
  async listen(port: number, host: string): Promise<void> {
    const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
    for (const address of addresses) {
      try {
        this.#servers.push(
          await listenOn(port, address, (request, response) => this.#handle(request, response)),
        );
      } catch (error) {
        // A machine without IPv6 has no ::1; the first address must work.
        if (address !== '::1') throw error;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(drainServer));
    await this.#own.close();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    if (path === '/readyz') {
      void this.#answerReadiness(response);
      return;
    }
    const owner = this.#routes.find(({ prefix }) => isUnder(path, prefix));
    (owner?.service ?? this.#own).handle(request, response);
  }

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

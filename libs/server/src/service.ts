import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { allowOtherOrigins } from './cors.ts';
import { facePathOf, faceTable, type Face } from './face.ts';
import type { HttpProblem } from './http-problem.ts';
import { listenHttp, type Listener } from './listen.ts';
import type { Log } from './log.ts';
import { createRegistry, httpMetrics } from './metrics.ts';
import { ProblemFilter } from './problem-filter.ts';
import { mediaTypeOf, readRequestBody } from './request-body.ts';
import { RouteTable } from './route-table.ts';

/** One reason to be ready: resolves (with a detail, if there is one to show), or throws with why it is not. */
export type ReadinessCheck = () => Promise<string | void>;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

export interface ServiceOptions {
  readonly name: string;
  readonly module: DynamicModule | Type;
  readonly faces: readonly Face[];
  /** Turns an error of the core libs into what the caller is told; undefined means a bug: 500 and a log line. */
  readonly explain: (error: unknown) => HttpProblem | undefined;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly log: Log;
  readonly registry?: Registry | undefined;
  /** Called after the last answer: drain, then close pools and timers. */
  readonly onClose?: (() => Promise<void>) | undefined;
}

/** A running service. It listens by itself, or another server hands requests in through `handle`. */
export interface Service {
  readonly name: string;
  readonly registry: Registry;
  handle(request: IncomingMessage, response: ServerResponse): void;
  ready(): Promise<Readiness>;
  /** @returns base URL without a trailing slash */
  listen(port: number, host: string): Promise<string>;
  /** Has it drained together with the service's own port, before anything is released. */
  adopt(listener: Pick<Listener, 'close'>): void;
  /** Takes no new connections, lets answers finish (10 s at most), then releases everything. */
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 5_000;

export async function createService(options: ServiceOptions): Promise<Service> {
  const registry = options.registry ?? createRegistry();
  const routes = new RouteTable();
  const faceOf = faceTable(options.faces);
  const filter = new ProblemFilter({ faceOf, routes, explain: options.explain, log: options.log });
  const ready = () => checkReadiness(options.checks);
  const adapter = new FastifyAdapter({
    // The face bounds the body; Fastify's own bound would come first and in another error shape.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      filter.answer(error, request, reply),
  });
  const fastify: FastifyInstance = adapter.getInstance();
  fastify.addHook('onRoute', (route) => routes.add(route.url, [route.method].flat()));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', async (request: FastifyRequest) => {
    const face = faceOf(facePathOf(request));
    // Where nothing is, a body is neither judged nor read: the answer is 404 or 405 whatever came.
    if (face.stream || request.is404) return undefined;
    return readRequestBody(request.raw, face, mediaTypeOf(originalContentType(request.raw)));
  });
  measureRequests(fastify, httpMetrics(registry, options.name), options.log);
  allowOtherOrigins(fastify, faceOf);
  // Fastify adds a charset, which JSON does not have (RFC 8259 section 11).
  fastify.addHook('onSend', async (_request, reply, payload) => {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8')
      void reply.header('content-type', 'application/json');
    return payload;
  });
  fastify.get('/healthz', () => ({ status: 'SERVING' }));
  fastify.get('/readyz', async (_request, reply) => {
    const readiness = await ready();
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  app.useGlobalFilters(filter);
  await app.init();
  await fastify.ready();
  return new NestService(options, registry, app, ready);
}

class NestService implements Service {
  readonly name: string;
  readonly registry: Registry;
  readonly ready: () => Promise<Readiness>;
  readonly #options: ServiceOptions;
  readonly #app: NestFastifyApplication;
  readonly #listeners: Pick<Listener, 'close'>[] = [];
  #closed: Promise<void> | undefined;

  constructor(
    options: ServiceOptions,
    registry: Registry,
    app: NestFastifyApplication,
    ready: () => Promise<Readiness>,
  ) {
    this.name = options.name;
    this.registry = registry;
    this.ready = ready;
    this.#options = options;
    this.#app = app;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    setAsideContentType(request);
    this.#app.getHttpAdapter().getInstance().routing(request, response);
  }

  async listen(port: number, host: string): Promise<string> {
    const listener = await listenHttp(port, host, (request, response) => this.handle(request, response));
    this.adopt(listener);
    return listener.url;
  }

  adopt(listener: Pick<Listener, 'close'>): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#app.close();
    await this.#options.onClose?.();
  }
}

const contentTypes = new WeakMap<IncomingMessage, string>();

/**
 * Fastify answers 415 to Content-Type headers it cannot parse, in its own shape and before any face has a say. It
 * gets to see a plain one; the face judges the original.
 */
function setAsideContentType(request: IncomingMessage): void {
  const original = request.headers['content-type'];
  if (original === undefined) return;
  contentTypes.set(request, original);
  request.headers['content-type'] = 'application/octet-stream';
}

/** Content-Type as the client sent it. */
export function originalContentType(request: IncomingMessage): string | undefined {
  return contentTypes.get(request) ?? request.headers['content-type'];
}

function measureRequests(fastify: FastifyInstance, metrics: ReturnType<typeof httpMetrics>, log: Log): void {
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    if (route === '/healthz' || route === '/readyz' || route === '/metrics') return;
    log.info('request', {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
}

/** Every check at once, each bounded: one that hangs is one that fails. */
async function checkReadiness(checks: Readonly<Record<string, ReadinessCheck>>): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return [name, { ok: true, detail: (await withTimeout(check(), CHECK_TIMEOUT_MS)) ?? 'ok' }] as const;
      } catch (error) {
        return [name, { ok: false, detail: error instanceof Error ? error.message : 'failed' }] as const;
      }
    }),
  );
  return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

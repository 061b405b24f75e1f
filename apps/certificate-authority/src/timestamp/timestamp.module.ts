import type { DynamicModule, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { TimestampController } from './timestamp.controller.ts';
import { TimestampDesk } from './timestamp-desk.ts';
import type { TimestampMetrics } from './timestamp-metrics.ts';

class TimestampModule {}

/** The wiring of the service. */
export function timestampModule(desk: TimestampDesk, metrics: TimestampMetrics): DynamicModule {
  return {
    module: TimestampModule,
    controllers: [TimestampController],
    providers: [
      { provide: TimestampDesk, useValue: desk },
      {
        provide: RequestMeter,
        inject: [HttpAdapterHost],
        useFactory: (host: HttpAdapterHost) => new RequestMeter(host, metrics),
      },
    ],
  };
}

interface HookTarget {
  addHook(name: 'onResponse', hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void>): void;
}

/** Counts every answer: those no controller gave, for paths that do not exist, as well. */
class RequestMeter implements OnModuleInit {
  readonly #host: HttpAdapterHost;
  readonly #metrics: TimestampMetrics;

  constructor(host: HttpAdapterHost, metrics: TimestampMetrics) {
    this.#host = host;
    this.#metrics = metrics;
  }

  onModuleInit(): void {
    const fastify = this.#host.httpAdapter.getInstance<HookTarget>();
    fastify.addHook('onResponse', async (request, reply) => {
      const route = request.is404 ? undefined : request.routeOptions.url;
      this.#metrics.requestAnswered(request.method, route, reply.statusCode, reply.elapsedTime);
    });
  }
}

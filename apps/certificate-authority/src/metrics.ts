import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Metrics under Fulcio's names and labels, so that its dashboards and alerts work unchanged. */
export class FulcioMetrics implements NestInterceptor {
  readonly #newCertificates: Counter;
  readonly #latency: Histogram<'code' | 'method'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#newCertificates = new Counter({
      name: 'fulcio_new_certs',
      help: 'The total number of certificates generated',
      registers,
    });
    this.#latency = new Histogram({
      name: 'fulcio_api_latency',
      help: 'API Latency on calls, in seconds',
      labelNames: ['code', 'method'],
      registers,
    });
  }

  certificateIssued(): void {
    this.#newCertificates.inc();
  }

  /** Every answer of a controller, errors too. */
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const stop = this.#latency.startTimer({ method: request.method.toLowerCase() });
    reply.raw.once('finish', () => stop({ code: String(reply.raw.statusCode) }));
    return next.handle();
  }
}

import { readFileSync } from 'node:fs';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics under Fulcio's names and labels, so that its dashboards and alerts work unchanged. */
export class FulcioMetrics implements NestInterceptor {
  readonly #newCertificates: Counter;
  readonly #latency: Histogram<'code' | 'method'>;
  readonly #requests: Counter<'code' | 'method'>;

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
    this.#requests = new Counter({
      name: 'http_requests_total',
      help: 'Count of all HTTP requests',
      labelNames: ['code', 'method'],
      registers,
    });
    new Gauge({
      name: 'fulcio_build_info',
      help: 'What is running: always 1, see the labels',
      labelNames: ['version', 'goversion'],
      registers,
    }).set({ version: packageVersion(), goversion: `node ${process.version}` }, 1);
  }

  certificateIssued(): void {
    this.#newCertificates.inc();
  }

  /** Every answer of a controller, errors too. */
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const method = request.method.toLowerCase();
    const stop = this.#latency.startTimer({ method });
    reply.raw.once('finish', () => {
      const code = String(reply.raw.statusCode);
      stop({ code });
      this.#requests.inc({ code, method });
    });
    return next.handle();
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface HttpMetrics {
  observe(method: string, route: string, status: number, seconds: number): void;
}

/** A registry with the process's own metrics; the local stack shares one among its services. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Request count and latency. The labels are route patterns and known methods, never what a caller wrote: a path with
 * an identifier in it must not make a time series of its own.
 */
export function httpMetrics(registry: Registry, service: string): HttpMetrics {
  const labelNames = ['service', 'method', 'route', 'code'] as const;
  const requests = (registry.getSingleMetric('sigstead_http_requests_total') ??
    new Counter({
      name: 'sigstead_http_requests_total',
      help: 'HTTP requests answered',
      labelNames,
      registers: [registry],
    })) as Counter<(typeof labelNames)[number]>;
  const seconds = (registry.getSingleMetric('sigstead_http_request_duration_seconds') ??
    new Histogram({
      name: 'sigstead_http_request_duration_seconds',
      help: 'Time from the request line to the end of the answer',
      labelNames: ['service', 'method', 'route'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    })) as Histogram<'service' | 'method' | 'route'>;
  return {
    observe(method, route, status, duration) {
      requests.inc({ service, method, route, code: String(status) });
      seconds.observe({ service, method, route }, duration);
    },
  };
}

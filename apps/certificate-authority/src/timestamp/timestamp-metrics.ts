import { Counter, Gauge, Histogram, Summary, type Registry } from 'prom-client';
import type { ClockObserver, ClockState } from './clock-monitor.ts';

const NANOSECONDS_PER_MS = 1e6;
const DAY_MS = 86_400_000;
/** 1 ms to 4 s in ten steps, in nanoseconds. */
const LATENCY_BUCKETS = Array.from({ length: 10 }, (_, i) => NANOSECONDS_PER_MS * 4000 ** (i / 9));
const PATHS: ReadonlySet<string> = new Set(['/ping', '/api/v1/timestamp', '/api/v1/timestamp/certchain']);
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
const UNRECOGNIZED = 'unrecognized';

/** Metrics under upstream's names, labels and units (nanoseconds), so that its dashboards and alerts work unchanged. */
export class TimestampMetrics implements ClockObserver {
  readonly #requests: Counter<'code' | 'path' | 'method'>;
  readonly #latency: Histogram<'path' | 'code'>;
  readonly #latencySummary: Summary<'path' | 'code'>;
  readonly #latencyByApi: Histogram<'path' | 'method'>;
  readonly #ntpLatency: Histogram<'host'>;
  readonly #ntpSync: Counter<'host' | 'failed'>;
  readonly #ntpErrors: Counter<'reason'>;
  readonly #clockWrong: Gauge;

  /** @param validity end of the certificate chain, and the time to measure it from */
  constructor(registry: Registry, validity: { notAfter: Date; clock: () => Date }) {
    const registers = [registry];
    const name = (suffix: string) => `timestamp_authority_${suffix}`;
    this.#requests = new Counter({
      name: name('http_requests_total'),
      help: 'Total number of HTTP requests by status code, path, and method.',
      labelNames: ['code', 'path', 'method'],
      registers,
    });
    this.#latency = new Histogram({
      name: name('api_latency'),
      help: 'API Latency on calls, in nanoseconds',
      labelNames: ['path', 'code'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#latencySummary = new Summary({
      name: name('api_latency_summary'),
      help: 'API Latency on calls, in nanoseconds',
      labelNames: ['path', 'code'],
      registers,
    });
    this.#latencyByApi = new Histogram({
      name: name('latency_by_api'),
      help: 'API Latency (in ns) by path and method',
      labelNames: ['path', 'method'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#ntpLatency = new Histogram({
      name: name('ntp_latency'),
      help: 'NTP request latency, in nanoseconds',
      labelNames: ['host'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#ntpSync = new Counter({
      name: name('ntp_sync_total'),
      help: 'Total number of NTP requests against a remote server',
      labelNames: ['host', 'failed'],
      registers,
    });
    this.#ntpErrors = new Counter({
      name: name('ntp_errors_total'),
      help: 'Total number of NTP related errors',
      labelNames: ['reason'],
      registers,
    });
    this.#clockWrong = new Gauge({
      name: 'sigstead_timestamp_clock_wrong',
      help: '1 while enough time servers have found the clock wrong and no timestamps are made',
      registers,
    });
    new Gauge({
      name: name('certificate_valid_days_remaining'),
      help: 'Number of days remaining in validity period of signing certificate',
      registers,
      collect() {
        this.set((validity.notAfter.getTime() - validity.clock().getTime()) / DAY_MS);
      },
    });
  }

  /** @param route pattern of the route that answered; never what a caller wrote becomes a label */
  requestAnswered(method: string, route: string | undefined, status: number, milliseconds: number): void {
    const path = route !== undefined && PATHS.has(route) ? route : UNRECOGNIZED;
    const knownMethod = METHODS.has(method) ? method : UNRECOGNIZED;
    const code = String(status);
    const nanoseconds = milliseconds * NANOSECONDS_PER_MS;
    this.#requests.inc({ code, path, method: knownMethod });
    this.#latency.observe({ path, code }, nanoseconds);
    this.#latencySummary.observe({ path, code }, nanoseconds);
    this.#latencyByApi.observe({ path, method: knownMethod }, nanoseconds);
  }

  serverAsked(host: string, milliseconds: number, failed: boolean): void {
    this.#ntpLatency.observe({ host }, milliseconds * NANOSECONDS_PER_MS);
    this.#ntpSync.inc({ host, failed: String(failed) });
  }

  roundEnded({ verdict }: ClockState, reason: 'err_too_few' | 'err_inv_time' | undefined): void {
    if (reason !== undefined) this.#ntpErrors.inc({ reason });
    this.#clockWrong.set(verdict === 'wrong' ? 1 : 0);
  }
}

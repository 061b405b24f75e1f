import type { Log } from '@sigstead/server';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LogObserver } from './engine/hosted-log.ts';
import { LogError } from './errors.ts';

/** Turns what logs do into metrics and log lines. One instance serves all logs of a process. */
export class LogMetrics {
  readonly #entries: Counter<'log' | 'outcome'>;
  readonly #batchSize: Histogram<'log'>;
  readonly #latency: Histogram<'log'>;
  readonly #queue: Gauge<'log'>;
  readonly #failures: Counter<'log' | 'kind'>;
  readonly #refused: Gauge<'log'>;
  readonly #log: Log;

  constructor(registry: Registry, log: Log) {
    const registers = [registry];
    this.#log = log;
    this.#entries = new Counter({
      name: 'sigstead_log_entries_total',
      help: 'Submissions put into a log (new) or found there (duplicate)',
      labelNames: ['log', 'outcome'],
      registers,
    });
    this.#batchSize = new Histogram({
      name: 'sigstead_log_batch_entries',
      help: 'Submissions of one transaction',
      labelNames: ['log'],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    });
    this.#latency = new Histogram({
      name: 'sigstead_log_append_seconds',
      help: 'From taking a batch off the queue until its answers may go out',
      labelNames: ['log'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    });
    this.#queue = new Gauge({
      name: 'sigstead_log_queue_entries',
      help: 'Submissions waiting for a batch',
      labelNames: ['log'],
      registers,
    });
    this.#failures = new Counter({
      name: 'sigstead_log_batch_failures_total',
      help: 'Batches that failed (failed) or whose COMMIT was not acknowledged (unknown)',
      labelNames: ['log', 'kind'],
      registers,
    });
    this.#refused = new Gauge({
      name: 'sigstead_log_refused',
      help: '1 when database and anchor contradict each other and the log signs nothing',
      labelNames: ['log'],
      registers,
    });
  }

  observerOf(log: string): LogObserver {
    this.#refused.set({ log }, 0);
    this.#queue.set({ log }, 0);
    return {
      queued: (depth) => this.#queue.set({ log }, depth),
      committed: (entries, duplicates) => {
        this.#entries.inc({ log, outcome: 'new' }, entries);
        this.#entries.inc({ log, outcome: 'duplicate' }, duplicates);
        this.#batchSize.observe({ log }, entries + duplicates);
      },
      published: (seconds) => this.#latency.observe({ log }, seconds),
      batchFailed: (error) => {
        this.#failures.inc({ log, kind: 'failed' });
        // Of a frozen log every submission fails, and anybody can send them.
        if (error instanceof LogError && error.code === 'FROZEN') return;
        this.#log.error('a batch failed', { log, error });
      },
      outcomeUnknown: (error) => {
        this.#failures.inc({ log, kind: 'unknown' });
        this.#log.warn('the outcome of a COMMIT is unknown, looking it up', { log, error });
      },
      refused: (reason) => {
        this.#refused.set({ log }, 1);
        this.#log.error('the log refuses to sign', { log, reason });
      },
    };
  }
}

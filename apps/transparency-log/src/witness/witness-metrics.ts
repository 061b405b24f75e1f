import type { Log } from '@sigstead/server';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { WitnessOutcome } from './witness-endpoint.ts';
import type { WitnessObserver } from './witnesses.ts';

/** Turns what witnesses do into metrics and log lines. One instance serves all logs of a process. */
export class WitnessMetrics {
  readonly #requests: Counter<'log' | 'witness' | 'outcome'>;
  readonly #latency: Histogram<'log' | 'witness'>;
  readonly #log: Log;

  constructor(registry: Registry, log: Log) {
    const registers = [registry];
    this.#log = log;
    this.#requests = new Counter({
      name: 'sigstead_log_witness_requests_total',
      help: 'Checkpoints a witness was asked to cosign, by what came of it',
      labelNames: ['log', 'witness', 'outcome'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'sigstead_log_witness_seconds',
      help: 'From asking a witness until its cosignature was verified, or its time was over',
      labelNames: ['log', 'witness'],
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    });
  }

  /** A line for every change: a witness that is down is told of once, not with every batch. */
  observerOf(log: string): WitnessObserver {
    const last = new Map<string, WitnessOutcome>();
    return {
      asked: (witness, outcome, seconds, reason) => {
        this.#requests.inc({ log, witness, outcome });
        this.#latency.observe({ log, witness }, seconds);
        const before = last.get(witness) ?? 'cosigned';
        last.set(witness, outcome);
        if (outcome === before) return;
        if (outcome === 'cosigned') this.#log.info('a witness cosigns again', { log, witness });
        else this.#log.warn('a witness does not cosign', { log, witness, outcome, reason });
      },
    };
  }
}

import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts reviews by what came of them. */
export class AdmissionMetrics {
  readonly #reviews: Counter<'outcome'>;
  readonly #seconds: Histogram;

  constructor(registry: Registry) {
    this.#reviews = new Counter({
      name: 'sigstead_admission_reviews_total',
      help: 'Admission reviews answered: allowed, warned (allowed with a warning), refused, unreadable',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.#seconds = new Histogram({
      name: 'sigstead_admission_review_duration_seconds',
      help: 'Time to decide on an admission review',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  /** @returns to be called with what came of it */
  start(): (outcome: 'allowed' | 'warned' | 'refused' | 'unreadable') => void {
    const stop = this.#seconds.startTimer();
    return (outcome) => {
      stop();
      this.#reviews.inc({ outcome });
    };
  }
}

import { performance } from 'node:perf_hooks';
import type { SigningStep } from '@sigstead/signing';
import type { SignerMetrics } from '../metrics.ts';

/** Measures each step until the next one begins. */
export class StepWatch {
  readonly #metrics: SignerMetrics;
  #step: SigningStep | undefined;
  #since = 0;

  constructor(metrics: SignerMetrics) {
    this.#metrics = metrics;
  }

  next(step: SigningStep): void {
    this.stop();
    this.#step = step;
    this.#since = performance.now();
  }

  stop(): void {
    if (this.#step !== undefined) this.#metrics.step(this.#step, (performance.now() - this.#since) / 1000);
    this.#step = undefined;
  }
}

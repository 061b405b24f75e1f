import type { SigningStep } from '@sigstead/signing';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the signer does, by outcome and by the step in which it stopped. No label is ever what a caller wrote. */
export class SignerMetrics {
  readonly #artifacts: Counter<'route' | 'outcome' | 'step'>;
  readonly #seconds: Histogram<'route'>;
  readonly #steps: Histogram<'step'>;
  readonly #unrecorded: Counter;

  constructor(registry: Registry, inside: () => number) {
    const registers = [registry];
    this.#artifacts = new Counter({
      name: 'sigstead_signer_artifacts_total',
      help: 'Artifacts by what became of them; step is where one failed',
      labelNames: ['route', 'outcome', 'step'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'sigstead_signer_request_seconds',
      help: 'Time from a request that was read to its last outcome',
      labelNames: ['route'],
      buckets: [0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    });
    this.#steps = new Histogram({
      name: 'sigstead_signer_step_seconds',
      help: 'Time that steps take',
      labelNames: ['step'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    });
    this.#unrecorded = new Counter({
      name: 'sigstead_signer_unrecorded_total',
      help: 'Requests whose outcomes could not be recorded after they were signed',
      registers,
    });
    new Gauge({
      name: 'sigstead_signer_requests_inside',
      help: 'Requests under way',
      registers,
      collect() {
        this.set(inside());
      },
    });
  }

  signed(route: string): void {
    this.#artifacts.inc({ route, outcome: 'signed', step: '' });
  }

  failed(route: string, step: SigningStep): void {
    this.#artifacts.inc({ route, outcome: 'failed', step });
  }

  unrecorded(): void {
    this.#unrecorded.inc();
  }

  /** @returns to be called at the end */
  request(route: string): () => void {
    return this.#seconds.startTimer({ route });
  }

  step(step: SigningStep, seconds: number): void {
    this.#steps.observe({ step }, seconds);
  }

  async timed<T>(step: SigningStep, work: () => Promise<T>): Promise<T> {
    const stop = this.#steps.startTimer({ step });
    try {
      return await work();
    } finally {
      stop();
    }
  }
}

import type { Step } from '@sigstead/verification';
import { Counter, type Registry } from 'prom-client';

/** What was judged. */
export type VerdictKind = 'image' | 'artifact';

interface CountedVerdict {
  readonly verified: boolean;
  readonly steps: readonly Step[];
}

/** Counts verdicts by outcome, with the code of what failed first. The codes are a closed set: nothing a caller writes becomes a label. */
export class VerdictMetrics {
  readonly #verdicts: Counter<'kind' | 'outcome' | 'code' | 'cached'>;

  constructor(registry: Registry) {
    this.#verdicts = new Counter({
      name: 'sigstead_verdicts_total',
      help: 'Verifications that were carried out',
      labelNames: ['kind', 'outcome', 'code', 'cached'],
      registers: [registry],
    });
  }

  count(kind: VerdictKind, { verified, steps }: CountedVerdict, cached: boolean): void {
    const code = steps.find(({ outcome }) => outcome === 'failed')?.code ?? '';
    const outcome = verified ? 'verified' : 'refused';
    this.#verdicts.inc({ kind, outcome, code, cached: String(cached) });
  }
}

import { Body, Controller, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { AdmissionDesk } from './admission-desk.ts';
import { AdmissionMetrics } from './admission-metrics.ts';
import { admissionResponse, parseAdmissionReview, UnreadableReview } from './admission-review.ts';

/** `POST /admission/validate`: the webhook of a ValidatingWebhookConfiguration. */
@Controller('admission')
export class AdmissionController {
  readonly #desk: AdmissionDesk;
  readonly #metrics: AdmissionMetrics;

  constructor(
    @Inject(AdmissionDesk) desk: AdmissionDesk,
    @Inject(AdmissionMetrics) metrics: AdmissionMetrics,
  ) {
    this.#desk = desk;
    this.#metrics = metrics;
  }

  @Post('validate')
  @HttpCode(200)
  async validate(@Body() body: Uint8Array | undefined, @Query('timeout') timeout: unknown): Promise<object> {
    const done = this.#metrics.start();
    try {
      const request = parseAdmissionReview(body ?? new Uint8Array());
      const decision = await this.#desk.decide(request, parseTimeout(timeout));
      const isWarned = (decision.warnings ?? []).length > 0;
      done(!decision.allowed ? 'refused' : isWarned ? 'warned' : 'allowed');
      return admissionResponse(request.uid, decision);
    } catch (error) {
      done('unreadable');
      if (!(error instanceof UnreadableReview)) throw error;
      return admissionResponse(error.uid, { allowed: false, message: error.message });
    }
  }
}

/** API servers say how long they wait, as Go writes durations of whole seconds: `10s`, `1m0s`. */
function parseTimeout(timeout: unknown): number | undefined {
  const [, minutes, seconds] = /^(?:([0-9]{1,2})m)?([0-9]{1,2})s$/.exec(String(timeout)) ?? [];
  if (seconds === undefined) return undefined;
  return (Number(minutes ?? 0) * 60 + Number(seconds)) * 1000;
}

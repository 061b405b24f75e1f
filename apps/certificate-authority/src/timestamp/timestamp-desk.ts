import { encodeHex } from '@sigstead/encoding';
import { HttpProblem, type Log } from '@sigstead/server';
import {
  createTimestampResponse,
  GENERAL_FAILURE,
  parseJsonRequest,
  parseTimeStampReq,
  TimestampError,
  type TimestampPolicy,
  type TimeStampReq,
} from '@sigstead/timestamp';
import type { ClockState } from './clock-monitor.ts';
import type { TimestampSigner } from './timestamp-signer.ts';

export interface TimestampDeskOptions {
  readonly signer: TimestampSigner;
  readonly policy: TimestampPolicy;
  readonly includeChain: boolean;
  readonly clock: () => Date;
  /** From a cryptographic source: serial numbers must not repeat. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** What the monitor last found; undefined when there is none. */
  readonly clockState: () => ClockState | undefined;
  readonly log: Log;
}

const SERIAL_OCTETS = 20;
/** What upstream claims, and what the clock monitor watches over. */
const ACCURACY_SECONDS = 1;

export type RequestMediaType = 'application/timestamp-query' | 'application/json';

/** Where every request goes: answers it, and leaves a line for the operator. */
export class TimestampDesk {
  readonly #options: TimestampDeskOptions;

  constructor(options: TimestampDeskOptions) {
    this.#options = options;
  }

  /** Signer first, root last. */
  get chainPem(): string {
    return this.#options.signer.chain.map((certificate) => certificate.toPem()).join('');
  }

  /**
   * DER TimeStampResp.
   *
   * @throws TimestampError
   * @throws HttpProblem 503 when our clock is known to be wrong
   */
  async answer(body: Uint8Array, mediaType: RequestMediaType): Promise<Uint8Array> {
    const { log } = this.#options;
    try {
      const request = mediaType === 'application/json' ? parseJsonRequest(body) : parseTimeStampReq(body);
      this.#assertClock();
      return await this.#sign(request);
    } catch (error) {
      if (error instanceof TimestampError)
        log.info('timestamp refused', { code: error.code, reason: error.message });
      throw error;
    }
  }

  async #sign(request: TimeStampReq): Promise<Uint8Array> {
    const { signer, policy, includeChain, clock, randomBytes, log } = this.#options;
    const serialNumber = randomBytes(SERIAL_OCTETS);
    const response = await createTimestampResponse(request, {
      signer: signer.signer,
      chain: signer.chain,
      policy,
      genTime: clock(),
      serialNumber,
      accuracySeconds: ACCURACY_SECONDS,
      includeChain,
    });
    log.info('timestamp issued', { serialNumber: encodeHex(serialNumber), hash: request.hash });
    return response;
  }

  #assertClock(): void {
    const state = this.#options.clockState();
    if (state?.verdict !== 'wrong') return;
    throw new HttpProblem(503, `${GENERAL_FAILURE}: ${describeClock(state)}`, { type: 'clock-wrong' });
  }
}

/** For callers and for `/readyz`. */
export function describeClock(state: ClockState | undefined): string {
  if (state === undefined) return 'not compared with any server';
  const { verdict, agreeing, disagreeing, asked } = state;
  switch (verdict) {
    case 'right':
      return `${agreeing} of ${asked} time servers agree with the clock`;
    case 'wrong':
      return `the clock is wrong: ${disagreeing} of ${asked} time servers differ from it, ${agreeing} agree`;
    case 'unknown':
      return `not known to be right: ${agreeing} of ${asked} time servers agree, ${disagreeing} differ, the others cannot be asked`;
  }
}

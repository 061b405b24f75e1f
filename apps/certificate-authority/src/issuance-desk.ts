import { encodeHex } from '@sigstead/encoding';
import type { Log } from '@sigstead/server';
import { issueCertificate, type IssuanceContext, type IssuedCertificate } from './issue-certificate.ts';
import { IssuanceError } from './issuance-error.ts';
import type { FulcioMetrics } from './metrics.ts';
import type { SigningRequest } from './signing-request.ts';

/** Where every API hands in its requests: issues, counts, and leaves a line for the operator. */
export class IssuanceDesk {
  readonly #context: IssuanceContext;
  readonly #metrics: FulcioMetrics;
  readonly #log: Log;

  constructor(context: IssuanceContext, metrics: FulcioMetrics, log: Log) {
    this.#context = context;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** @throws IssuanceError */
  async issue(request: SigningRequest): Promise<IssuedCertificate> {
    try {
      const issued = await issueCertificate(request, this.#context);
      this.#metrics.certificateIssued();
      this.#log.info('certificate issued', {
        serialNumber: encodeHex(issued.certificate.serialNumber),
        identity: issued.principal.subjectAlternativeName.value,
        issuer: issued.principal.claims.issuer,
      });
      return issued;
    } catch (error) {
      // The answer keeps Fulcio's bare texts; the reason behind them is here.
      if (error instanceof IssuanceError)
        this.#log.info('certificate refused', { code: error.code, reason: reasonOf(error) });
      throw error;
    }
  }
}

function reasonOf(error: IssuanceError): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

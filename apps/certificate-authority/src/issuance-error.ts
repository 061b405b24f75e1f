import { HttpProblem } from '@sigstead/server';

/**
 * Why no certificate was issued:
 * - `REQUEST`: not a request of this API;
 * - `TOKEN`: the identity token; `ISSUER_UNAVAILABLE`: its issuer could not be asked about it;
 * - `PUBLIC_KEY`, `WEAK_KEY`, `SIGNING_REQUEST`, `PROOF`, `ALGORITHM`: the key and the proof of possessing it;
 * - `IDENTITY`: the token is fine but cannot be certified;
 * - `AUTHORITY_VALIDITY`: the CA certificates do not cover the certificate's lifetime;
 * - `LOG_UNAVAILABLE`, `LOG_REFUSED`: the certificate transparency log;
 * - `RECORD_UNAVAILABLE`, `SERIAL_NUMBER_USED`: the record of issued certificates.
 */
export type IssuanceErrorCode =
  | 'REQUEST'
  | 'TOKEN'
  | 'ISSUER_UNAVAILABLE'
  | 'PUBLIC_KEY'
  | 'WEAK_KEY'
  | 'SIGNING_REQUEST'
  | 'PROOF'
  | 'ALGORITHM'
  | 'IDENTITY'
  | 'AUTHORITY_VALIDITY'
  | 'LOG_UNAVAILABLE'
  | 'LOG_REFUSED'
  | 'RECORD_UNAVAILABLE'
  | 'SERIAL_NUMBER_USED';

/** The caller reads the message as it is: Fulcio's own text, in places followed by the reason. The cause is for the log. */
export class IssuanceError extends Error {
  override readonly name = 'IssuanceError';
  readonly code: IssuanceErrorCode;

  constructor(code: IssuanceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Faults of the caller are 400; what may pass by itself is 503, since clients try again on that and never on 400. */
const STATUSES: Readonly<Record<IssuanceErrorCode, 400 | 500 | 503>> = {
  REQUEST: 400,
  TOKEN: 400,
  ISSUER_UNAVAILABLE: 503,
  PUBLIC_KEY: 400,
  WEAK_KEY: 400,
  SIGNING_REQUEST: 400,
  PROOF: 400,
  ALGORITHM: 400,
  IDENTITY: 400,
  AUTHORITY_VALIDITY: 503,
  LOG_UNAVAILABLE: 503,
  LOG_REFUSED: 500,
  RECORD_UNAVAILABLE: 503,
  SERIAL_NUMBER_USED: 500,
};

export function explainIssuanceError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof IssuanceError)) return undefined;
  const type = error.code.toLowerCase().replaceAll('_', '-');
  return new HttpProblem(STATUSES[error.code], error.message, { type, cause: error });
}

import { HttpProblem } from '@sigstead/server';

/**
 * Why the record of certificates and revocations does not give what was asked:
 * - `UNAVAILABLE`: the database cannot be reached, does not answer in time or does not let us;
 * - `SERIAL_NUMBER`, `NOT_FOUND`: not a serial number, or one that is not recorded;
 * - `REQUEST`: a revocation that cannot be made as it was asked for;
 * - `ROLLBACK`: the database has fewer revocations than were published from it;
 * - `NO_CRL`: the CA's certificate does not allow it to sign CRLs.
 */
export type RecordErrorCode =
  'UNAVAILABLE' | 'SERIAL_NUMBER' | 'NOT_FOUND' | 'REQUEST' | 'ROLLBACK' | 'NO_CRL';

export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: RecordErrorCode;

  constructor(code: RecordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const STATUSES: Readonly<Record<RecordErrorCode, number>> = {
  UNAVAILABLE: 503,
  SERIAL_NUMBER: 400,
  NOT_FOUND: 404,
  REQUEST: 400,
  ROLLBACK: 500,
  NO_CRL: 501,
};

export function explainRecordError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof RecordError)) return undefined;
  const type = error.code.toLowerCase().replaceAll('_', '-');
  return new HttpProblem(STATUSES[error.code], error.message, { type, cause: error });
}

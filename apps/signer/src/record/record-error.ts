import { HttpProblem } from '@sigstead/server';

/**
 * Why a request is not gone on with:
 * - `UNAVAILABLE`: the record cannot be written or read, and nothing is signed without;
 * - `KEY_REUSED`: the idempotency key belongs to another request;
 * - `IN_PROGRESS`: a request with this key is under way, here or elsewhere.
 */
export type RecordErrorCode = 'UNAVAILABLE' | 'KEY_REUSED' | 'IN_PROGRESS';

export class RecordError extends Error {
  override readonly name = 'RecordError';

  constructor(
    readonly code: RecordErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const ANSWERS: Readonly<Record<RecordErrorCode, { status: number; type: string }>> = {
  UNAVAILABLE: { status: 503, type: 'record-unavailable' },
  KEY_REUSED: { status: 422, type: 'idempotency-key-reused' },
  IN_PROGRESS: { status: 409, type: 'request-in-progress' },
};

export function explainRecordError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof RecordError)) return undefined;
  const { status, type } = ANSWERS[error.code];
  return new HttpProblem(status, error.message, {
    type,
    cause: error,
    ...(error.code === 'KEY_REUSED' ? { field: 'idempotency-key' } : { headers: { 'retry-after': '5' } }),
    extra: { step: 'input' },
  });
}

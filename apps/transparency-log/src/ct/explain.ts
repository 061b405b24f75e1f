import { HttpProblem } from '@sigstead/server';
import type { CtError, CtErrorCode } from './errors.ts';

const ANSWERS: Readonly<Record<CtErrorCode, { readonly status: number; readonly type: string }>> = {
  REQUEST: { status: 400, type: 'invalid-request' },
  CHAIN: { status: 400, type: 'chain-refused' },
  NOT_FOUND: { status: 404, type: 'not-found' },
};

export function explainCt(error: CtError): HttpProblem {
  const { status, type } = ANSWERS[error.code];
  // What is not there yet may be in a moment.
  const headers = error.code === 'NOT_FOUND' ? { 'cache-control': 'no-store' } : {};
  return new HttpProblem(status, error.message, { type, headers, cause: error });
}

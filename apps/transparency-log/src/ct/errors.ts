export type CtErrorCode = 'REQUEST' | 'CHAIN' | 'NOT_FOUND';

/**
 * What a CT log does not do.
 *
 * - REQUEST: a malformed submission or parameter
 * - CHAIN: a submission that is no chain of the right kind to one of the log's roots
 * - NOT_FOUND: a leaf, tree size or issuer that the log does not have
 */
export class CtError extends Error {
  override readonly name = 'CtError';
  readonly code: CtErrorCode;

  constructor(code: CtErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

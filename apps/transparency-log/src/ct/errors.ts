export type CtErrorCode = 'REQUEST' | 'CHAIN';

/** A submission that a CT log does not take: malformed (REQUEST), or not ending in one of its roots (CHAIN). */
export class CtError extends Error {
  override readonly name = 'CtError';
  readonly code: CtErrorCode;

  constructor(code: CtErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

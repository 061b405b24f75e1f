/**
 * - `CONFIG`: the list of trust roots is none, or a file it names cannot be used;
 * - `NO_ROOT`: no trusted root may be relied on now;
 * - `NO_REVOCATIONS`: revocations are required, and no list may be relied on now.
 */
export type TrustAccessErrorCode = 'CONFIG' | 'NO_ROOT' | 'NO_REVOCATIONS';

/** There is nothing to judge by, and why. */
export class TrustAccessError extends Error {
  override readonly name = 'TrustAccessError';
  readonly code: TrustAccessErrorCode;

  constructor(code: TrustAccessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

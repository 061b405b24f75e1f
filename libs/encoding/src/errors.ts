export type EncodingErrorCode = 'BASE64' | 'HEX' | 'PEM' | 'DER' | 'TLS' | 'JSON' | 'UTF8' | 'LIMIT';

/** Malformed or oversized input. The message says what was found and what was wanted, never the input itself. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
  readonly code: EncodingErrorCode;

  constructor(code: EncodingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

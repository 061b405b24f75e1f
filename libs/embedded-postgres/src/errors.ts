export type PostgresErrorCode = 'NO_BINARIES' | 'IN_USE' | 'INITDB' | 'START' | 'PERMISSION';

export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: PostgresErrorCode;

  constructor(code: PostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

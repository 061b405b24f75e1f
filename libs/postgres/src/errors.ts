export type PostgresErrorCode =
  'UNREACHABLE' | 'COMMIT_UNKNOWN' | 'ROLLED_BACK' | 'MIGRATION' | 'ADMINISTRATION';

/** A database step that did not give what it promises. The driver's own error is the cause; no message holds a connection string. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: PostgresErrorCode;

  constructor(code: PostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** SQLSTATE of a server error (PostgreSQL appendix A), undefined for anything the server did not say itself. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('severity' in error))
    return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

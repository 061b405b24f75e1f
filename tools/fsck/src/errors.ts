export const exitCodes = { sound: 0, broken: 1, usage: 2, unreadable: 3 } as const;

/** Ends the command with a reason: `USAGE` for what it was told, `UNREADABLE` when the log does not give its resources. */
export class FsckError extends Error {
  override readonly name = 'FsckError';
  readonly code: 'USAGE' | 'UNREADABLE';

  constructor(code: 'USAGE' | 'UNREADABLE', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

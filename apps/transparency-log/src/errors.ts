export type LogErrorCode =
  'OVERLOADED' | 'CLOSING' | 'FROZEN' | 'REFUSED' | 'UNAVAILABLE' | 'STORAGE' | 'ANCHOR' | 'CONFIGURATION';

/**
 * What the engine could not do.
 *
 * - OVERLOADED: the queue is full; nothing was stored
 * - CLOSING: the process is shutting down; nothing was stored
 * - FROZEN: the log takes no entries any more
 * - REFUSED: database and anchor contradict each other; the log signs nothing until someone has looked and restarted it
 * - UNAVAILABLE: database or anchor failed; the entry may or may not be stored, submitting it again is safe
 * - STORAGE: stored rows contradict each other
 * - ANCHOR: the anchor's directory holds something that is not ours, or torn
 * - CONFIGURATION: what is configured contradicts what is stored
 */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything thrown, for log lines. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong between us and one of the services. */
export type ClientErrorCode =
  | 'UNREACHABLE' // no answer at all
  | 'TIMEOUT' // no complete answer in time
  | 'STATUS' // the service answered with an error
  | 'MALFORMED' // the answer is not what its API promises
  | 'TOO_LARGE'; // the answer is larger than the bound

/**
 * Failure of one call. The message names the step, the host and the status; what the service said is kept apart in
 * `serverMessage`, since only the caller knows whether to show it. No token or request body is ever part of either.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** What was being asked for, such as `signing certificate`. */
  readonly step: string;
  readonly host: string;
  readonly status: number | undefined;
  /** Printable text of at most 500 characters. */
  readonly serverMessage: string | undefined;

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    details: {
      step: string;
      host: string;
      status?: number;
      serverMessage?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.step = details.step;
    this.host = details.host;
    this.status = details.status;
    this.serverMessage = details.serverMessage;
  }
}

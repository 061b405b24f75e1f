/** What went wrong between us and one of the services. */
export type ClientErrorCode =
  | 'UNREACHABLE' // no answer at all
  | 'TIMEOUT' // no complete answer in time
  | 'STATUS' // the service answered with an error
  | 'MALFORMED' // the answer is not what its API promises
  | 'TOO_LARGE'; // the answer is larger than the bound

/**
 * Failure of one call. The message names the step, the host, the status and what the service said; that is in `serverMessage` by
 * itself as well, for answers that must not name our hosts. No token or request body is ever part of either.
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

/** What went wrong between us and a registry. */
export type OciErrorCode =
  | 'REFERENCE' // the image reference or digest given by the caller is not one
  | 'NOT_FOUND' // the registry answers that the name, manifest or blob is unknown
  | 'UNAUTHORIZED' // the registry wants (other) credentials
  | 'REFUSED' // our own safety rules forbid the next step
  | 'UNREACHABLE' // no answer at all
  | 'TIMEOUT' // no complete answer in time
  | 'STATUS' // an answer with a status the protocol does not foresee here
  | 'TOO_LARGE' // more bytes, layers or redirects than the bound allows
  | 'DIGEST_MISMATCH' // the bytes are not what their digest says
  | 'MALFORMED' // an answer that is not what the specification asks for
  | 'CONFLICT'; // another writer kept replacing what we wrote

/** Failure of a registry operation. The message names the registry host and never holds a credential. */
export class OciError extends Error {
  override readonly name = 'OciError';
  /** HTTP status of the answer, when there was one. */
  readonly status: number | undefined;

  constructor(
    readonly code: OciErrorCode,
    message: string,
    options: { cause?: unknown; status?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
  }
}

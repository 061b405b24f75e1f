export interface HttpProblemOptions {
  /** Stable kebab-case name of the kind of problem. */
  readonly type?: string;
  /** What in the request is at fault: a field path, a claim, a parameter. */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For answers that the API defines as having no body. */
  readonly emptyBody?: boolean;
  /** Further members for problem+json answers. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** For the log only. */
  readonly cause?: unknown;
}

/** An answer that is not a success: status and a message fit for the caller. Every face renders it in its own shape. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly options: HttpProblemOptions;

  constructor(status: number, message: string, options: HttpProblemOptions = {}) {
    super(message, { cause: options.cause });
    this.status = status;
    this.options = options;
  }
}

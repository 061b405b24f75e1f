import { HttpProblem, type ErrorRenderer } from '@sigstead/server';

/** Error codes of the distribution specification with the status each is answered with. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  RANGE_INVALID: 416,
  SIZE_INVALID: 413,
  TOOMANYREQUESTS: 429,
  UNSUPPORTED: 405,
} as const;

export type RegistryErrorCode = keyof typeof STATUS;

/** A request the registry does not fulfil. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: RegistryErrorCode,
    message: string,
    options: { cause?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.headers = options.headers ?? {};
  }
}

/** How the server shell is told about a {@link RegistryError}. */
export function explainRegistryError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof RegistryError)) return undefined;
  const { code, message, headers } = error;
  return new HttpProblem(STATUS[code], message, { headers, extra: { code } });
}

/** `{"errors":[{code,message,detail}]}` (distribution-spec, "Error codes"). */
export const distributionErrors: ErrorRenderer = {
  render: (problem) => ({
    status: problem.status,
    contentType: 'application/json',
    body: JSON.stringify({
      errors: [
        {
          code: problem.options.extra?.['code'] ?? (problem.status < 500 ? 'UNSUPPORTED' : 'UNKNOWN'),
          message: problem.message,
          detail: null,
        },
      ],
    }),
  }),
  unknownPath: (path) => `no such endpoint: ${path}`,
  wrongMethod: (method, allowed) => `${method} is not supported here, ${allowed.join(', ')} are`,
  wrongMediaType: (mediaType) => `unsupported content type ${mediaType}`,
};

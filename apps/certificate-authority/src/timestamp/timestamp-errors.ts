import { HttpProblem, rekorErrors, type ErrorRenderer } from '@sigstead/server';
import {
  GENERAL_FAILURE,
  TimestampError,
  type TimestampErrorCode,
  type TimestampIssuanceErrorCode,
} from '@sigstead/timestamp';

/** `{code, message}` of go-openapi, as Rekor's; a body over the limit is a plain 400. */
export const timestampErrors: ErrorRenderer = {
  ...rekorErrors,
  render: (problem) =>
    problem.status === 413
      ? rekorErrors.render(new HttpProblem(400, `${GENERAL_FAILURE}: ${problem.message}`, problem.options))
      : rekorErrors.render(problem),
  wrongMediaType: (mediaType, accepted) =>
    `unsupported media type ${JSON.stringify(mediaType)}, only [${accepted.join(' ')}] are allowed`,
};

/** go-openapi's number for a required parameter that is absent, under status 422. */
const REQUIRED = 602;

export function bodyRequired(): HttpProblem {
  return new HttpProblem(422, 'request in body is required', { type: 'no-body', extra: { code: REQUIRED } });
}

type Status = 400 | 500 | 503;

/**
 * Faults of the caller are 400; certificates that are not valid now are ours, and may pass. The codes of verification are
 * none of ours.
 */
const STATUSES: Readonly<
  Record<TimestampIssuanceErrorCode, Status> & Partial<Record<TimestampErrorCode, Status>>
> = {
  MALFORMED: 400,
  TOO_LARGE: 400,
  OID_COMPONENTS: 400,
  WEAK_HASH: 400,
  HASH_ALGORITHM: 400,
  DIGEST_LENGTH: 400,
  POLICY: 400,
  EXTENSION: 400,
  CHAIN: 503,
  PROFILE: 500,
};

export function explainTimestampError(error: unknown): HttpProblem | undefined {
  if (!(error instanceof TimestampError)) return undefined;
  const status = STATUSES[error.code];
  if (status === undefined) return undefined;
  const message = status === 400 ? error.message : `${GENERAL_FAILURE}: ${error.message}`;
  return new HttpProblem(status, message, {
    type: error.code.toLowerCase().replaceAll('_', '-'),
    cause: error,
  });
}

import { googleStatusErrors, HttpProblem, type ErrorRenderer } from '@sigstead/server';
import { TlogError } from '@sigstead/tlog';
import { LogError } from '../errors.ts';

const FROZEN = 'log-frozen';

/** google.rpc.Status, with the few answers of Rekor v2 that are another thing: rekor-tiles `internal/server`. */
export const rekorV2Errors: ErrorRenderer = {
  ...googleStatusErrors,
  render: (problem) => {
    const { status, message, options } = problem;
    if (options.type === FROZEN)
      return { status, contentType: 'text/plain; charset=utf-8', body: `${message}\n` };
    if (status === 413)
      return googleStatusErrors.render(new HttpProblem(400, 'http: request body too large', options));
    // What Rekor v1 answers to a malformed search.
    if (status === 422) return googleStatusErrors.render(new HttpProblem(400, message, options));
    return googleStatusErrors.render(problem);
  },
};

/** What Rekor v2 answers to a failed submission, where it is not what every face answers. */
export function explainSubmission(error: unknown): unknown {
  if (error instanceof TlogError)
    return new HttpProblem(400, error.message, {
      type: 'entry-refused',
      ...(error.field === undefined ? {} : { field: error.field }),
      cause: error,
    });
  if (!(error instanceof LogError)) return error;
  if (error.code === 'OVERLOADED')
    return new HttpProblem(503, 'reached max pushback; retry', {
      type: 'log-overloaded',
      headers: { 'retry-after': '1' },
      cause: error,
    });
  if (error.code === 'FROZEN')
    return new HttpProblem(405, 'This log has been frozen, please switch to the latest log.', {
      type: FROZEN,
      headers: { allow: 'GET, HEAD' },
      cause: error,
    });
  return error;
}

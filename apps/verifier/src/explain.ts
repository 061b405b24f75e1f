import { OciError } from '@sigstead/oci';
import { HttpProblem } from '@sigstead/server';
import { TrustAccessError } from '@sigstead/trust-access';
import { PolicyError } from '@sigstead/verification';
import { explainStoreError } from './policies/policy-store-error.ts';

/** What a caller is told of an error; undefined is a bug. */
export function explain(error: unknown): HttpProblem | undefined {
  if (error instanceof PolicyError && error.code === 'POLICY_INVALID') {
    const options = { type: 'invalid-policy', field: `policy.${error.field}`, cause: error };
    return new HttpProblem(400, error.message, options);
  }
  // Not a verdict: nothing was found wrong, but nothing may be found right either.
  if (error instanceof TrustAccessError)
    return new HttpProblem(503, error.message, { type: 'revocations-unknown', cause: error });
  return error instanceof OciError ? explainRegistry(error) : explainStoreError(error);
}

function explainRegistry(error: OciError): HttpProblem {
  const { message, code } = error;
  const field = 'image';
  switch (code) {
    case 'REFERENCE':
      return new HttpProblem(400, message, { type: 'invalid-image', field, cause: error });
    case 'REFUSED':
      return new HttpProblem(403, message, { type: 'registry-refused', field, cause: error });
    case 'NOT_FOUND':
      return new HttpProblem(404, message, { type: 'unknown-image', field, cause: error });
    case 'TIMEOUT':
      return new HttpProblem(504, message, { type: 'registry-timeout', cause: error });
    case 'UNAUTHORIZED':
      return new HttpProblem(502, message, { type: 'registry-unauthorized', cause: error });
    case 'UNREACHABLE':
      return new HttpProblem(502, message, { type: 'registry-unreachable', cause: error });
    default:
      return new HttpProblem(502, message, { type: 'registry-failed', cause: error });
  }
}

import { HttpProblem } from '@sigstead/server';
import { EntryPolicyError, TlogError } from '@sigstead/tlog';
import { invalid } from './query.ts';

/** What Rekor answers to each way a proposed entry can be wrong. */
export function explainEntry(error: unknown): HttpProblem | undefined {
  if (error instanceof EntryPolicyError) return refused(error);
  if (!(error instanceof TlogError)) return undefined;
  switch (error.code) {
    case 'KIND_MISSING':
    case 'API_VERSION_MISSING':
    case 'SPEC_MISSING':
      return invalid(602, error.message);
    case 'API_VERSION':
      return invalid(605, error.message);
    case 'KIND_UNSUPPORTED':
      return refused(error);
    case 'KIND_UNKNOWN':
      return invalid(422, error.message);
    case 'LIMIT':
    case 'JSON':
      // Stock Rekor answers 500 to malformed JSON here; what a client sent is not our failure.
      return new HttpProblem(400, error.message, { type: 'malformed-request', cause: error });
    case 'TREE_ID':
      return new HttpProblem(400, `validation error: ${error.message}`, { cause: error });
    case 'ENTRY_ID':
      return new HttpProblem(400, error.message, { cause: error });
    case 'SPEC':
    case 'VERIFIER':
    case 'SIGNATURE':
    case 'NOT_INSERTABLE':
    case 'VERSION_UNSUPPORTED':
      return refused(error);
    default:
      return undefined;
  }
}

function refused(error: TlogError): HttpProblem {
  return new HttpProblem(400, `error processing entry: ${error.message}`, {
    type: 'entry-refused',
    ...(error.field === undefined ? {} : { field: error.field }),
    cause: error,
  });
}

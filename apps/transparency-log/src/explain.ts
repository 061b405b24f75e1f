import { HttpProblem } from '@sigstead/server';
import { CtError } from './ct/errors.ts';
import { explainCt } from './ct/explain.ts';
import { LogError } from './errors.ts';
import { explainEntry } from './rekor/explain.ts';

/** What a caller is told of an error; undefined is a bug, or stored data that contradicts itself. */
export function explain(error: unknown): HttpProblem | undefined {
  if (error instanceof CtError) return explainCt(error);
  if (error instanceof LogError) return explainLog(error);
  return explainEntry(error);
}

function explainLog(error: LogError): HttpProblem | undefined {
  const again = { 'retry-after': '1' };
  switch (error.code) {
    case 'OVERLOADED':
      return new HttpProblem(503, error.message, { type: 'log-overloaded', headers: again, cause: error });
    case 'CLOSING':
    case 'UNAVAILABLE':
      return new HttpProblem(503, error.message, { type: 'log-unavailable', headers: again, cause: error });
    case 'FROZEN':
      return new HttpProblem(503, error.message, { type: 'log-frozen', cause: error });
    // Trying again does not help until someone has looked: no Retry-After.
    case 'REFUSED':
    case 'ANCHOR':
      return new HttpProblem(503, error.message, { type: 'log-refused', cause: error });
    default:
      return undefined;
  }
}

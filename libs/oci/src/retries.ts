import type { Answer, Outgoing } from './exchange.ts';
import { registryError } from './status.ts';

/** Before each further try, milliseconds. */
const DELAYS_MS: readonly number[] = [50, 150, 450];

/** Does something again while it fails for the moment only. @returns what came of the last try */
export async function withRetries(
  work: () => Promise<Answer>,
  isPassing: (answer: Answer) => boolean,
): Promise<Answer> {
  for (const ms of DELAYS_MS) {
    const answer = await work();
    if (!isPassing(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
  return work();
}

/** Whether an answer may be another one a moment later. */
export function isPassing({ status }: Answer): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}

/**
 * The same of a single request that may be sent again.
 *
 * Registries over a file system (Distribution among them) write the small files that link a repository to its blobs by emptying them
 * first. Who reads such a file while another client stores the same blob gets a 500; and a manifest whose blobs are looked up in that
 * moment is refused as `DIGEST_INVALID`, which here, where the digest was computed from the very bytes, cannot be meant.
 */
export function isPassingFor({ method, repeatable }: Outgoing): (answer: Answer) => boolean {
  if (method !== 'GET' && method !== 'HEAD' && repeatable !== true) return () => false;
  return (answer) =>
    isPassing(answer) ||
    (method === 'PUT' && answer.status === 400 && registryError(answer.bytes)?.['code'] === 'DIGEST_INVALID');
}

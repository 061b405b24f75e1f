import type { Answer, Outgoing } from './exchange.ts';
import { registryError } from './status.ts';

/** Before each further try, milliseconds. */
const DELAYS_MS: readonly number[] = [50, 150, 450];

/** Who is told to come back later than this leaves it to whoever asked. */
const LONGEST_WAIT_MS = 5_000;

/** Does something again while it fails for the moment only. @returns what came of the last try */
export async function withRetries(
  work: () => Promise<Answer>,
  isPassing: (answer: Answer) => boolean,
): Promise<Answer> {
  for (const ms of DELAYS_MS) {
    const answer = await work();
    const wait = Math.max(ms, retryAfterMs(answer));
    if (!isPassing(answer) || wait > LONGEST_WAIT_MS) return answer;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return work();
}

/** Whether an answer may be another one a moment later. */
export function isPassing({ status }: Answer): boolean {
  return status === 429 || status === 500 || status === 502 || status === 503 || status === 504;
}

/** How long the registry wants to be left alone, where it says so in seconds (RFC 9110, 10.2.3). */
function retryAfterMs({ status, headers }: Answer): number {
  const text = headers.get('retry-after') ?? '';
  return (status === 429 || status === 503) && /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : 0;
}

/**
 * The same of a single request that may be sent again.
 *
 * Registries over a file system (Distribution among them) write the small files that link a repository to its blobs by emptying them
 * first. Who reads such a file while another client stores the same blob gets a 500; and a manifest whose blobs are looked up in that
 * moment is refused as `DIGEST_INVALID`, which here, where the digest was computed from the very bytes, cannot be meant.
 */
export function isPassingFor({ method, repeatable, body }: Outgoing): (answer: Answer) => boolean {
  // What is sent away with a 429 was not looked at; but what came once does not come again.
  const isBusy = ({ status }: Answer) => status === 429 && (body === undefined || body instanceof Uint8Array);
  if (method !== 'GET' && method !== 'HEAD' && repeatable !== true) return isBusy;
  return (answer) =>
    isPassing(answer) ||
    (method === 'PUT' && answer.status === 400 && registryError(answer.bytes)?.['code'] === 'DIGEST_INVALID');
}

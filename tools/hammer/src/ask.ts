import { readBody } from '@sigstead/http';

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Sends one request below a log's URL, a POST when it has a body; undefined when nobody answered, or not to the end. */
export type Ask = (path: string, body?: string) => Promise<Answer | undefined>;

const REQUEST_MS = 30_000;
/** No tile of any log is longer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Statuses that say "not now", of a log or of what stands before it. */
const PASSING: readonly number[] = [429, 502, 503, 504];

export function askAt(url: string): Ask {
  return async (path, body) => {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const sent =
      body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    try {
      const answer = await fetch(`${url}${path}`, { signal, ...sent });
      const { bytes } = await readBody(answer, MAX_ANSWER_BYTES, signal);
      return {
        status: answer.status,
        headers: answer.headers,
        body: Buffer.from(bytes.buffer, 0, bytes.length),
      };
    } catch {
      return undefined;
    }
  };
}

export function isPassing({ status }: Answer): boolean {
  return PASSING.includes(status);
}

/**
 * The body of an answer with 200; undefined when there is none just now.
 *
 * @throws Error for any other answer
 */
export function bodyOf(answer: Answer | undefined, what: string): Buffer | undefined {
  if (answer === undefined || isPassing(answer)) return undefined;
  if (answer.status === 200) return answer.body;
  throw unexpected(answer, what);
}

export function unexpected({ status, body }: Answer, what: string): Error {
  return new Error(`${what} was answered with ${status}: ${body.toString().slice(0, 500)}`);
}

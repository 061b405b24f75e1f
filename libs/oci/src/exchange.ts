import { OciError } from './errors.ts';

/** The part of `fetch` that is used. Its own errors of type {@link OciError} (a guard's refusal) are passed on unchanged. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Largest answer taken. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

const MAX_ERROR_BYTES = 16 * 1024;

/**
 * One request and its whole answer, within `timeoutMs` and `maxBytes`. Redirects are answers here; whoever follows
 * one decides what may go along.
 *
 * @throws OciError UNREACHABLE, TIMEOUT, TOO_LARGE
 */
export async function exchange(fetch: Fetch, request: Outgoing, timeoutMs: number): Promise<Answer> {
  const { method, url, headers, body } = request;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const init: RequestInit = { method, headers, redirect: 'manual', signal: deadline.signal };
    const response = await fetch(
      url.href,
      body === undefined ? init : { ...init, body: body as Uint8Array<ArrayBuffer> },
    );
    const isError = response.status >= 400;
    const bytes = await readBounded(
      response,
      url,
      isError ? MAX_ERROR_BYTES : request.maxBytes,
      deadline.signal,
    );
    return { status: response.status, headers: response.headers, bytes, url };
  } catch (cause) {
    if (cause instanceof OciError) throw cause;
    if (deadline.signal.aborted) {
      throw new OciError(
        'TIMEOUT',
        `${url.host} did not answer ${method} ${url.pathname} within ${timeoutMs} ms`,
        { cause },
      );
    }
    throw new OciError('UNREACHABLE', `${url.host} cannot be reached: ${reason(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Reads at most `maxBytes`. More is refused, except that the text of an error answer is simply cut. */
async function readBounded(
  response: Response,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  // A fetch that forgets its signal once the headers are in would wait for a stalled body for ever.
  const abort = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      const chunk = value as Uint8Array;
      size += chunk.length;
      if (size > maxBytes) {
        abort();
        if (response.status < 400) {
          throw new OciError(
            'TOO_LARGE',
            `${url.host} answered ${url.pathname} with more than ${maxBytes} bytes`,
          );
        }
        size -= chunk.length;
        break;
      }
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The innermost reason of a failed fetch, such as `connect ECONNREFUSED 127.0.0.1:5000`. */
function reason(error: unknown): string {
  let inner = error as { cause?: unknown; message?: unknown; code?: unknown };
  while (typeof inner.cause === 'object' && inner.cause !== null) inner = inner.cause;
  const words = [inner.message, inner.code].filter((word) => typeof word === 'string' && word !== '');
  return String(words[0] ?? 'no answer');
}

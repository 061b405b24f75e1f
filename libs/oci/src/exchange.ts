import { readBody, reasonOf } from '@sigstead/http';
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
    const maxBytes = isError ? MAX_ERROR_BYTES : request.maxBytes;
    const { bytes, complete } = await readBody(response, maxBytes, deadline.signal);
    // The text of an error is simply cut.
    if (!complete && !isError) {
      throw new OciError(
        'TOO_LARGE',
        `${url.host} answered ${url.pathname} with more than ${maxBytes} bytes`,
      );
    }
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
    throw new OciError('UNREACHABLE', `${url.host} cannot be reached: ${reasonOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

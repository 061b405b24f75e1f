import { readBody, reasonOf } from '@sigstead/http';
import { OciError } from './errors.ts';

/** The part of `fetch` that is used. Its own errors of type {@link OciError} (a guard's refusal) are passed on unchanged. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes that come one after the other can be sent once only. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Largest answer taken. */
  readonly maxBytes: number;
  /** Whether the body of a 200 is to be handed on as it comes. */
  readonly streams?: true;
  /** Of what writes: that doing it again changes nothing, so that it may be sent again. */
  readonly repeatable?: true;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Nothing when the body comes as chunks. */
  readonly bytes: Uint8Array;
  /** The body of a 200 that was asked for as a stream: within `maxBytes`, and never silent for longer than the timeout. */
  readonly chunks?: AsyncIterable<Uint8Array>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

const MAX_ERROR_BYTES = 16 * 1024;

/**
 * One request and its whole answer, within `maxBytes` and `timeoutMs`; of what is streamed, each chunk has that time. Redirects are
 * answers here; whoever follows one decides what may go along.
 *
 * @throws OciError UNREACHABLE, TIMEOUT, TOO_LARGE, and what a streamed body ends with
 */
export async function exchange(fetch: Fetch, request: Outgoing, timeoutMs: number): Promise<Answer> {
  const deadline = new Deadline(request, timeoutMs);
  let isHandedOn = false;
  try {
    const response = await deadline.guard(() => fetch(request.url.href, initOf(request, deadline)));
    const { status, headers } = response;
    const { url } = request;
    if (request.streams === true && status === 200) {
      isHandedOn = true;
      return {
        status,
        headers,
        url,
        bytes: new Uint8Array(0),
        chunks: readChunks(response, request, deadline),
      };
    }
    const isError = status >= 400;
    const maxBytes = isError ? MAX_ERROR_BYTES : request.maxBytes;
    const { bytes, complete } = await deadline.guard(() => readBody(response, maxBytes, deadline.signal));
    // The text of an error is simply cut.
    if (!complete && !isError) throw tooLarge(request, maxBytes);
    return { status, headers, bytes, url };
  } finally {
    if (!isHandedOn) deadline.end();
  }
}

/** Ends a request that makes no progress, and says so in our words. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #isBodyOpen = false;
  /** What a streamed body of ours ended with: that, and not the connection it took along, is why the request failed. */
  #bodyFailure: unknown;

  constructor(
    private readonly request: Outgoing,
    private readonly timeoutMs: number,
  ) {
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** There was progress. */
  extend(): void {
    this.#timer.refresh();
  }

  /** What of our body nobody waited for is not sent any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#isBodyOpen) this.#controller.abort();
  }

  /** A body of ours, each chunk of which extends the deadline. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#isBodyOpen = true;
    try {
      for await (const chunk of chunks) {
        this.extend();
        yield chunk;
      }
      this.#isBodyOpen = false;
    } catch (error) {
      this.#bodyFailure = error;
      throw error;
    }
  }

  /** @throws OciError, or what our body ended with */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (this.#bodyFailure !== undefined) throw this.#bodyFailure;
      if (cause instanceof OciError) throw cause;
      const { method, url } = this.request;
      const late = `${url.host} did not answer ${method} ${url.pathname} within ${this.timeoutMs} ms`;
      if (this.signal.aborted) throw new OciError('TIMEOUT', late, { cause });
      throw new OciError('UNREACHABLE', `${url.host} cannot be reached: ${reasonOf(cause)}`, { cause });
    }
  }
}

function initOf({ method, headers, body }: Outgoing, deadline: Deadline): RequestInit {
  const init: RequestInit = { method, headers, redirect: 'manual', signal: deadline.signal };
  if (body === undefined) return init;
  if (body instanceof Uint8Array) return { ...init, body: body as Uint8Array<ArrayBuffer> };
  const stream = ReadableStream.from(deadline.watch(body)) as ReadableStream<Uint8Array<ArrayBuffer>>;
  // Else Node's `fetch` keeps a copy of all that was sent, for a redirect that is not followed anyway.
  const unkept = { redirect: 'error', window: null } as const;
  return { ...init, ...unkept, body: stream, duplex: 'half' };
}

async function* readChunks(
  response: Response,
  request: Outgoing,
  deadline: Deadline,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return deadline.end();
  let size = 0;
  try {
    for (;;) {
      deadline.extend();
      const { done, value } = await deadline.guard(() => reader.read());
      if (done) return;
      size += (value as Uint8Array).length;
      if (size > request.maxBytes) throw tooLarge(request, request.maxBytes);
      yield value as Uint8Array;
    }
  } finally {
    deadline.end();
    // After the end this does nothing; before it, the connection is given up.
    await reader.cancel().catch(() => undefined);
  }
}

function tooLarge({ url }: Outgoing, maxBytes: number): OciError {
  return new OciError('TOO_LARGE', `${url.host} answered ${url.pathname} with more than ${maxBytes} bytes`);
}

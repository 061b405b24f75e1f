import {
  request as httpRequest,
  type Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';

/** Hold the connections, and for https what is trusted. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export interface DialOptions {
  readonly agents: Agents;
  /** How the name is resolved; the system's way unless given. */
  readonly lookup?: LookupFunction;
}

/**
 * A `fetch` over the given agents. Redirects are never followed: a 3xx answer is the answer. Of `fetch` it knows method,
 * headers, bytes or a stream of bytes as body, and signal.
 *
 * @throws what the connection ends with, or the signal's reason
 */
export async function dial(url: string, init: RequestInit, options: DialOptions): Promise<Response> {
  const target = new URL(url);
  const { agents, lookup } = options;
  const signal = init.signal ?? undefined;
  const settings: RequestOptions = {
    method: init.method ?? 'GET',
    headers: init.headers as Record<string, string>,
    ...(signal === undefined ? {} : { signal }),
    ...(lookup === undefined ? {} : { lookup }),
  };
  const open = () =>
    target.protocol === 'https:'
      ? httpsRequest(target, { ...settings, agent: agents.https })
      : httpRequest(target, { ...settings, agent: agents.http });
  const body = init.body as Uint8Array | ReadableStream<Uint8Array> | undefined;
  const message = await exchange(open, body).catch((error: unknown) => {
    // As `fetch` has it: what ends with its signal ends with the signal's reason.
    throw signal?.aborted === true ? signal.reason : error;
  });
  return toResponse(message, settings.method === 'HEAD', signal);
}

/**
 * A kept connection may be closed just as it is used again: such a request never arrived, and is sent once more. A stream can be
 * sent once only.
 */
async function exchange(
  open: () => ClientRequest,
  body: Uint8Array | ReadableStream<Uint8Array> | undefined,
): Promise<IncomingMessage> {
  const request = open();
  try {
    return await new Promise((resolve, reject) => {
      request.on('response', resolve).on('error', reject);
      // Whichever of stream and connection fails ends the other; the answer may come before all of the stream is taken.
      const sent = body instanceof ReadableStream ? pipeline(body, request) : Promise.resolve();
      sent.catch(reject);
      // Node closes a connection that was upgraded unasked (status 101) without a word of either event.
      const unanswered = () => reject(new Error('the connection was closed without an answer'));
      request.on('close', () => void sent.then(unanswered, reject));
      if (!(body instanceof ReadableStream)) request.end(body);
    });
  } catch (error) {
    const isLost = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
    if (isLost && !(body instanceof ReadableStream)) return exchange(open, body);
    throw error;
  }
}

function toResponse(message: IncomingMessage, isHead: boolean, signal: AbortSignal | undefined): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] as string, message.rawHeaders[at + 1] as string);
  }
  const hasBody = !isHead && ![204, 205, 304].includes(status);
  if (!hasBody) message.resume();
  return new Response(hasBody ? ReadableStream.from(chunksOf(message, signal)) : null, { status, headers });
}

/** A body cut off by the signal ends with the signal's reason, not with the socket's. */
async function* chunksOf(
  message: IncomingMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* message as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}

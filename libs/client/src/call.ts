import { EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import { readBody, reasonOf } from '@sigstead/http';
import type { z } from 'zod';
import { ClientError } from './errors.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ServiceOptions {
  /** Root of the service, with or without a path and a trailing slash. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
  /** For one call with its whole answer, milliseconds. */
  readonly timeoutMs: number;
}

export interface Call {
  /** Names the call in errors. */
  readonly step: string;
  readonly method: 'GET' | 'POST';
  /** Below the base URL, query included, starting with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Largest answer taken: certificate chains and log entries are a few kilobytes, an entry with attestation far less than this. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;

/**
 * One call and its whole answer, whatever its status. Redirects are not followed: no API of ours redirects, and a token
 * must not travel on.
 *
 * @throws ClientError UNREACHABLE, TIMEOUT, TOO_LARGE
 */
export async function call(options: ServiceOptions, request: Call): Promise<ServiceAnswer> {
  const { step, method, path, headers, body } = request;
  const host = hostOf(options.baseUrl);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.timeoutMs);
  try {
    const init: RequestInit = {
      method,
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
      signal: deadline.signal,
    };
    const response = await options.fetch(
      joinUrl(options.baseUrl, path),
      body === undefined ? init : { ...init, body },
    );
    const { status } = response;
    const isError = status >= 400;
    const maxBytes = isError ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
    const { bytes, complete } = await readBody(response, maxBytes, deadline.signal);
    // The text of an error is simply cut.
    if (complete || isError) return { status, headers: response.headers, bytes };
    throw new ClientError('TOO_LARGE', `${step}: ${host} answered with more than ${MAX_ANSWER_BYTES} bytes`, {
      step,
      host,
    });
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    if (deadline.signal.aborted) {
      throw new ClientError('TIMEOUT', `${step}: ${host} did not answer within ${options.timeoutMs} ms`, {
        step,
        host,
        cause,
      });
    }
    throw new ClientError('UNREACHABLE', `${step}: ${host} cannot be reached: ${reasonOf(cause)}`, {
      step,
      host,
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** What an answer that cannot be used is reported as. */
export function malformed(
  { baseUrl }: ServiceOptions,
  { step }: Call,
  { status }: ServiceAnswer,
  what: string,
  cause?: unknown,
): ClientError {
  const host = hostOf(baseUrl);
  return new ClientError('MALFORMED', `${step}: ${host} ${what}`, { step, host, status, cause });
}

/** The answer as JSON of the given shape. @throws ClientError STATUS when the status is not wanted, MALFORMED */
export function expectJson<T>(
  options: ServiceOptions,
  request: Call,
  answer: ServiceAnswer,
  statuses: readonly number[],
  shape: z.ZodType<T>,
): T {
  assertStatus(options, request, answer, statuses);
  const { step } = request;
  const host = hostOf(options.baseUrl);
  const read = shape.safeParse(readJson(options, request, answer));
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where =
    issue === undefined || issue.path.length === 0
      ? 'the answer'
      : issue.path
          .join('.')
          .replace(/[^\x20-\x7e]/g, '?')
          .slice(0, 200);
  throw new ClientError('MALFORMED', `${step}: ${host} answered in an unexpected shape at ${where}`, {
    step,
    host,
    status: answer.status,
  });
}

/** @throws ClientError STATUS with what the service said */
export function assertStatus(
  options: ServiceOptions,
  request: Call,
  answer: ServiceAnswer,
  statuses: readonly number[],
): void {
  if (statuses.includes(answer.status)) return;
  const { step } = request;
  const host = hostOf(options.baseUrl);
  const serverMessage = messageOf(answer.bytes);
  const said = serverMessage === undefined ? '' : `: ${serverMessage}`;
  throw new ClientError('STATUS', `${step}: ${host} answered ${answer.status}${said}`, {
    step,
    host,
    status: answer.status,
    serverMessage,
  });
}

export function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : 'invalid base URL';
}

/** Plain concatenation, as every client of these services does it: a base path is kept. */
export function joinUrl(baseUrl: string, path: string): string {
  return baseUrl.replace(/\/+$/, '') + path;
}

function readJson(options: ServiceOptions, { step }: Call, answer: ServiceAnswer): JsonValue {
  try {
    return parseJson(answer.bytes, { maxBytes: MAX_ANSWER_BYTES });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    const host = hostOf(options.baseUrl);
    throw new ClientError('MALFORMED', `${step}: ${host} did not answer in JSON: ${cause.message}`, {
      step,
      host,
      status: answer.status,
      cause,
    });
  }
}

/** `message` of google.rpc.Status and of Rekor's error, `detail` of problem+json, or the text itself. */
function messageOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes);
  let message = text;
  try {
    const json = parseJson(text, { maxBytes: MAX_ERROR_BYTES });
    if (isJsonObject(json)) {
      const found = [json['message'], json['detail'], json['title']].find(
        (value) => typeof value === 'string',
      );
      message = typeof found === 'string' ? found : '';
    }
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
  }
  const printable = message
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 500);
  return printable === '' ? undefined : printable;
}

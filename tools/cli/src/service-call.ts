import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { readBody, reasonOf } from '@sigstead/http';
import { CliError, exitCodes } from './cli-error.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: JsonObject | undefined;
}

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * One call of a Sigstead service, or of whoever vouches for this machine.
 *
 * @throws CliError naming the URL when nothing answers there; an answer of any status is returned
 */
export async function callService(
  url: string,
  request: {
    method?: 'GET' | 'POST';
    body?: JsonValue;
    headers?: Record<string, string>;
    /** What the reader may look into when nothing answers. */
    hint?: string;
  } = {},
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: request.method ?? 'GET',
      headers: {
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  } catch (cause) {
    const hint = request.hint ?? 'is Sigstead running, and does SIGSTEAD_URL name it?';
    throw new CliError(`${url} does not answer (${reasonOf(cause)}); ${hint}`, exitCodes.failed, { cause });
  }
  const { bytes, complete } = await readBody(response, MAX_ANSWER_BYTES);
  if (!complete) throw new CliError(`${url} answers with more than ${MAX_ANSWER_BYTES} bytes`);
  const text = new TextDecoder().decode(bytes);
  return { status: response.status, text, json: asObject(text) };
}

/** The reason an error answer gives: `detail` of problem+json, `message` of the Sigstore APIs, else the status. */
export function reasonIn(answer: Answer): string {
  const { detail, message } = answer.json ?? {};
  if (typeof detail === 'string') return detail;
  if (typeof message === 'string') return message;
  return `HTTP status ${answer.status}`;
}

function asObject(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text, { maxBytes: MAX_ANSWER_BYTES, maxDepth: 64 });
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

import { readBody, reasonOf } from '@sigstead/http';
import type { FetchResource } from '@sigstead/tiles';
import { setTimeout as delay } from 'node:timers/promises';
import { FsckError } from './errors.ts';

const TIMEOUT_MS = 60_000;
const ATTEMPTS = 6;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

/**
 * The resources of a log behind a URL. What may pass, no answer, 429 and 5xx, is asked for again a few times.
 *
 * @param prefix URL that the paths go behind
 */
export function httpLog(prefix: string): FetchResource {
  const base = prefix.replace(/\/+$/, '');
  // Whoever fails for good ends the others, which may be waiting to ask again.
  const over = new AbortController();
  return async (path, maxBytes) => {
    const url = `${base}/${path}`;
    for (let attempt = 1; ; attempt++) {
      over.signal.throwIfAborted();
      const answer = await ask(url, maxBytes);
      if ('bytes' in answer) return answer.bytes;
      if (attempt === ATTEMPTS || answer.isFinal) {
        const error = new FsckError('UNREADABLE', `${url}: ${answer.reason}`);
        over.abort(error);
        throw error;
      }
      const backOffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
      await delay(answer.retryAfterMs ?? backOffMs, undefined, { signal: over.signal }).catch(
        () => undefined,
      );
    }
  };
}

type Answer =
  | { readonly bytes: Uint8Array | undefined }
  | { readonly reason: string; readonly isFinal: boolean; readonly retryAfterMs?: number | undefined };

async function ask(url: string, maxBytes: number): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal, headers: { 'user-agent': 'sigstead-fsck' } });
    const { status } = response;
    const { bytes } = await readBody(response, status === 200 ? maxBytes + 1 : 0, signal);
    if (status === 200) return { bytes };
    if (status === 404 || status === 410) return { bytes: undefined };
    const isFinal = status !== 429 && status < 500;
    return { reason: `HTTP status ${status}`, isFinal, retryAfterMs: retryAfterMs(response) };
  } catch (cause) {
    return { reason: reasonOf(cause), isFinal: false };
  }
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = headers.get('retry-after');
  if (seconds === null || !/^[0-9]{1,6}$/.test(seconds)) return undefined;
  return Math.min(MAX_DELAY_MS, Number(seconds) * 1000);
}

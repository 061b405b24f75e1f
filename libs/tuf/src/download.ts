import { joinSignals, readBody, reasonOf } from '@sigstead/http';
import { TufError } from './errors.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where files come from, and how long anything may take. */
export interface Mirror {
  /** Root of the repository; metadata lies here, target files below `targets/`. */
  readonly url: string;
  readonly fetch: Fetch;
  /** For one file, milliseconds. */
  readonly timeoutMs: number;
  /** Ends a whole refresh. */
  readonly signal: AbortSignal;
}

/**
 * One file, never more of it than asked for. Redirects are not followed: what a mirror serves, it serves itself.
 *
 * @param path below the mirror; made of our own words, numbers and hashes only
 * @returns undefined when the mirror says there is none (404; an S3-style store says 403)
 * @throws TufError UNREACHABLE, TIMEOUT, STATUS, LIMIT
 */
export async function download(
  mirror: Mirror,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const url = `${mirror.url.replace(/\/+$/, '')}/${path}`;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), mirror.timeoutMs);
  const signal = joinSignals(deadline.signal, mirror.signal);
  try {
    const response = await mirror.fetch(url, { redirect: 'manual', signal });
    if (response.status !== 200) {
      await response.body?.cancel().catch(() => undefined);
      if (response.status === 404 || response.status === 403) return undefined;
      throw new TufError('STATUS', `${url} answered ${response.status}`);
    }
    const { bytes, complete } = await readBody(response, maxBytes, signal);
    if (!complete) throw new TufError('LIMIT', `${url} has more than ${maxBytes} bytes`);
    return bytes;
  } catch (cause) {
    if (cause instanceof TufError) throw cause;
    if (signal.aborted) throw new TufError('TIMEOUT', `${url} did not answer in time`, { cause });
    throw new TufError('UNREACHABLE', `${url} cannot be reached: ${reasonOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** @throws TufError STATUS when the mirror has no such file, and what {@link download} throws */
export async function downloadPresent(mirror: Mirror, path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await download(mirror, path, maxBytes);
  if (bytes !== undefined) return bytes;
  throw new TufError('STATUS', `${mirror.url} has no ${path}`);
}

import { readBody, reasonOf } from '@sigstead/http';
import { allowInsecureRequests, customFetch } from 'oauth4webapi';
import { LoginError } from './errors.ts';

/** What a login needs of the world. */
export interface LoginAccess {
  /** Follows no redirects when told not to. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: () => Date;
  /** A cryptographic source. */
  readonly randomBytes: (size: number) => Uint8Array;
  /** Of one exchange with the issuer, headers and body; ten seconds unless given. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Tokens, key sets and metadata are a few kilobytes. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** For oauth4webapi, which reads what it is given to the end. Which addresses may be plain http has been decided before (address.ts). */
export function requestOptions(access: LoginAccess): {
  [customFetch]: (url: string, init: object) => Promise<Response>;
  [allowInsecureRequests]: true;
} {
  return {
    [customFetch]: (url, init) => fetchBounded(url, init as RequestInit, access),
    [allowInsecureRequests]: true,
  };
}

/**
 * One exchange, bounded in time and size and without redirects: the answer is complete when it is returned.
 *
 * @throws LoginError UNREACHABLE naming the host
 */
export async function fetchBounded(url: string, init: RequestInit, access: LoginAccess): Promise<Response> {
  const timeoutMs = access.timeoutMs ?? TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  const fail = (reason: string): LoginError =>
    new LoginError('UNREACHABLE', `${new URL(url).host}: ${reason}`);
  try {
    const response = await access.fetch(url, { ...init, signal, redirect: 'manual' });
    const { bytes, complete } = await readBody(response, MAX_ANSWER_BYTES, signal);
    if (!complete) throw fail(`answers with more than ${MAX_ANSWER_BYTES} bytes`);
    const { status, headers } = response;
    if (status < 200 || status > 599) throw fail('answers with a redirect or a status that is none');
    const isBare = status === 204 || status === 205 || status === 304;
    return new Response(isBare ? null : Uint8Array.from(bytes), { status, headers });
  } catch (error) {
    if (error instanceof LoginError) throw error;
    // The innermost words of a failed connection name addresses only; the request itself is not repeated.
    throw fail(signal.aborted ? `no complete answer within ${timeoutMs} ms` : reasonOf(error));
  }
}

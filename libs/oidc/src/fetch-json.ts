import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { readBody } from '@sigstead/http';
import { OidcError, type OidcErrorCode } from './errors.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FetchLimits {
  readonly fetch: Fetch;
  /** For the whole exchange, headers and body. */
  readonly timeoutMs: number;
  /** Of the decoded body, so a compressed bomb counts as what it becomes. */
  readonly maxBytes: number;
}

/**
 * GET of one JSON document from an issuer, bounded in time and size. Redirects are refused: following one would let an
 * issuer, or whoever may redirect there, choose what this service dials.
 *
 * @throws OidcError with the given code; the message names the host and what happened
 */
export async function fetchJson(url: URL, code: OidcErrorCode, limits: FetchLimits): Promise<JsonValue> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const fail = (reason: string, cause?: unknown): OidcError =>
    new OidcError(code, `${label(code)} from ${url.host}: ${reason}`, { cause });
  try {
    const response = await limits.fetch(url.href, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json' },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const redirected =
        response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
      throw fail(
        redirected
          ? 'answered with a redirect, which is not followed'
          : `answered ${response.status}, want 200`,
      );
    }
    const { bytes, complete } = await readBody(response, limits.maxBytes, signal);
    if (!complete) throw fail(`larger than ${limits.maxBytes} bytes`);
    return parseJson(bytes, { maxBytes: limits.maxBytes });
  } catch (cause) {
    if (cause instanceof OidcError) throw cause;
    if (cause instanceof EncodingError) throw fail(cause.message, cause);
    throw fail(
      signal.aborted ? `no complete answer within ${limits.timeoutMs} ms` : 'could not be reached',
      cause,
    );
  }
}

function label(code: OidcErrorCode): string {
  return code === 'JWKS' ? 'issuer keys' : 'issuer discovery';
}

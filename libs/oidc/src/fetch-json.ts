import { EncodingError, parseJson, type JsonValue } from '@sigstead/encoding';
import { readBody } from '@sigstead/http';
import { OidcError, type OidcErrorCode } from './errors.ts';
import { unreachableReason } from './unreachable.ts';

/** What the configuration says of dialling an issuer. */
export interface IssuerAccess {
  readonly issuerUrl: string;
  /** PEM certificates that are trusted for TLS to this issuer besides the usual ones. */
  readonly caCertificates?: string;
}

/** How an issuer's documents are fetched. Follows no redirects. */
export type IssuerFetch = (url: string, init: RequestInit, access: IssuerAccess) => Promise<Response>;

/** One document of an issuer. */
export interface IssuerDocument {
  readonly json: JsonValue;
  /** By the answer's Date and Age headers, to the second. */
  readonly issuerTime: Date | undefined;
}

export interface FetchLimits {
  readonly fetch: IssuerFetch;
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
export async function fetchJson(
  url: URL,
  code: OidcErrorCode,
  access: IssuerAccess,
  limits: FetchLimits,
): Promise<IssuerDocument> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const fail = (reason: string, cause?: unknown): OidcError =>
    new OidcError(code, `${label(code)} from ${url.host}: ${reason}`, { cause });
  try {
    const init: RequestInit = { redirect: 'manual', signal, headers: { accept: 'application/json' } };
    const response = await limits.fetch(url.href, init, access);
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
    return { json: parseJson(bytes, { maxBytes: limits.maxBytes }), issuerTime: timeOf(response.headers) };
  } catch (cause) {
    if (cause instanceof OidcError) throw cause;
    if (cause instanceof EncodingError) throw fail(cause.message, cause);
    throw fail(
      signal.aborted ? `no complete answer within ${limits.timeoutMs} ms` : unreachableReason(cause),
      cause,
    );
  }
}

/** A cache on the way repeats an old Date, and says how old (RFC 9110 section 6.6.1, RFC 9111 section 5.1). */
function timeOf(headers: Headers): Date | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  const age = Number(headers.get('age') ?? 0);
  if (Number.isNaN(date) || !(age >= 0 && age <= MAX_AGE_SECONDS)) return undefined;
  return new Date(date + age * 1000);
}

const MAX_AGE_SECONDS = 2 ** 31;

function label(code: OidcErrorCode): string {
  return code === 'JWKS' ? 'issuer keys' : 'issuer discovery';
}

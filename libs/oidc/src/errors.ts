/**
 * Which check refused:
 * - `TOKEN_SIZE`, `TOKEN_FORMAT`: not a bounded compact JWS with JSON objects inside;
 * - `ALGORITHM`, `CRITICAL_HEADER`: a header that is never accepted;
 * - `ISSUER`: no configured issuer has exactly this `iss`;
 * - `DISCOVERY`, `JWKS`: the issuer's own documents could not be had or are unusable, the token was not judged;
 * - `UNKNOWN_KEY`, `KEY_REFUSED`, `SIGNATURE`: no key, an unsafe key, or a signature that does not verify;
 * - `AUDIENCE`, `EXPIRED`, `NOT_YET_VALID`, `CLAIM`: a signed claim that does not fit;
 * - `CONFIG`: the issuer configuration itself.
 */
export type OidcErrorCode =
  | 'TOKEN_SIZE'
  | 'TOKEN_FORMAT'
  | 'ALGORITHM'
  | 'CRITICAL_HEADER'
  | 'ISSUER'
  | 'DISCOVERY'
  | 'JWKS'
  | 'UNKNOWN_KEY'
  | 'KEY_REFUSED'
  | 'SIGNATURE'
  | 'AUDIENCE'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'CLAIM'
  | 'CONFIG';

export interface OidcErrorOptions extends ErrorOptions {
  /** Header parameter or claim that was judged. */
  readonly claim?: string;
}

/** The only error of this library. The message names the failed check, what came and what was wanted, never the token. */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  readonly code: OidcErrorCode;
  readonly claim: string | undefined;

  constructor(code: OidcErrorCode, message: string, options: OidcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.claim = options.claim;
  }
}

const QUOTED_LENGTH = 128;

/** A short outside value for a message: quoted, control characters escaped, cut when long. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : describe(value);
  const shown = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}...` : text;
  return typeof value === 'string' ? JSON.stringify(shown) : shown;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : String(value);
}

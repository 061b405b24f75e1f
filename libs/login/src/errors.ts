/**
 * Why a login failed:
 * - `ISSUER_URL`: the address of the issuer cannot be one;
 * - `UNREACHABLE`: no complete answer in time;
 * - `DISCOVERY`: what the issuer publishes about itself is unusable, or speaks for another issuer;
 * - `UNSUPPORTED`: the issuer does not offer this kind of login, or not with PKCE;
 * - `REDIRECT_URI`: not an address of this machine;
 * - `STATE`: the answer does not belong to this login;
 * - `ANSWER_ISSUER`: the answer comes from another issuer (RFC 9207);
 * - `ANSWER`: an answer that is none of OAuth's;
 * - `DENIED`: the issuer, or the person, refused;
 * - `EXPIRED`: nobody finished the login in time;
 * - `TOKEN`: the identity token that came does not verify, or is not for this login.
 */
export type LoginErrorCode =
  | 'ISSUER_URL'
  | 'UNREACHABLE'
  | 'DISCOVERY'
  | 'UNSUPPORTED'
  | 'REDIRECT_URI'
  | 'STATE'
  | 'ANSWER_ISSUER'
  | 'ANSWER'
  | 'DENIED'
  | 'EXPIRED'
  | 'TOKEN';

/** The only error of this library. Messages and causes never hold a code, a secret or a token. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: LoginErrorCode;

  constructor(code: LoginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const QUOTED_LENGTH = 200;

/** What an issuer said, for a message: one line of visible characters, cut when long. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
  const shown = value.length > QUOTED_LENGTH ? `${value.slice(0, QUOTED_LENGTH)}...` : value;
  return JSON.stringify(shown).replaceAll(/[^\x20-\x7e]/g, '?');
}

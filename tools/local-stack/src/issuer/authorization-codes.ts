import { createHash, randomBytes } from 'node:crypto';
import { encodeBase64Url } from '@sigstead/encoding';

/** What a client asked for when it sent the browser (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
export interface AuthorizationRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** SHA-256 of the verifier, base64url. */
  readonly codeChallenge: string;
  readonly nonce: string | undefined;
  /** Who logs in, where the client has a wish. */
  readonly loginHint: string | undefined;
}

/** What the client shows to have the code turned into a token. */
export interface CodeExchange {
  readonly issuer: string;
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

const LIFETIME_MS = 60_000;
/** Browsers that never come back are forgotten, oldest first. */
const MAX_OPEN = 1000;

/** Authorization codes of this process: each good once, for a minute, for whoever knows the verifier. */
export class AuthorizationCodes {
  readonly #clock: () => Date;
  readonly #open = new Map<string, { readonly request: AuthorizationRequest; readonly until: number }>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  issue(request: AuthorizationRequest): string {
    const code = encodeBase64Url(new Uint8Array(randomBytes(32)));
    this.#open.set(code, { request, until: this.#clock().getTime() + LIFETIME_MS });
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return code;
  }

  /** The request behind a code; nothing when code, client, redirect or verifier do not fit. The code is spent either way. */
  redeem(exchange: CodeExchange): AuthorizationRequest | undefined {
    const found = this.#open.get(exchange.code);
    this.#open.delete(exchange.code);
    if (found === undefined || this.#clock().getTime() > found.until) return undefined;
    const { request } = found;
    const fits =
      request.issuer === exchange.issuer &&
      request.clientId === exchange.clientId &&
      request.redirectUri === exchange.redirectUri &&
      request.codeChallenge === challengeOf(exchange.codeVerifier);
    return fits ? request : undefined;
  }
}

/** RFC 7636 section 4.2, S256. */
export function challengeOf(codeVerifier: string): string {
  return encodeBase64Url(new Uint8Array(createHash('sha256').update(codeVerifier).digest()));
}

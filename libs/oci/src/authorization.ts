import { encodeBase64, encodeUtf8, EncodingError, isJsonObject, parseJson } from '@sigstead/encoding';
import { parseChallenges, type Challenge } from './challenge.ts';
import { OciError } from './errors.ts';
import { exchange, type Fetch, type Outgoing } from './exchange.ts';
import { mayHoldCredentials } from './hosts.ts';
import { isPassingFor, withRetries } from './retries.ts';

/**
 * What a registry knows its client by: a user name with password (or access token as password), an identity token (OAuth 2
 * refresh token) that its token service takes, or a ready bearer token.
 */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly token: string };

export interface AuthorizationRequest {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly registry: string;
  /** `WWW-Authenticate` of the 401 answer. */
  readonly challenge: string | null;
  /** Ours, such as `repository:team/app:pull`; those in the challenge are not used, they could name anything. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  /** Further hosts that may be given credentials, by registry. */
  readonly tokenHosts: Readonly<Record<string, string>>;
  /** Refuses URLs whose scheme is not allowed for this registry. */
  readonly assertUrl: (url: URL) => void;
}

const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
const CLIENT_ID = 'sigstead';
const TOKEN_TEXT = /^[\x21-\x7e]{1,32768}$/;

/**
 * The `Authorization` header that answers a registry's challenge (distribution: token authentication; RFC 7617).
 *
 * @throws OciError UNAUTHORIZED when the challenge cannot be met, REFUSED for an unsafe token URL
 */
export async function authorize(request: AuthorizationRequest): Promise<string> {
  const { registry, credentials } = request;
  const challenges = parseChallenges(request.challenge);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (credentials !== undefined && 'token' in credentials)
    return `Bearer ${assertToken(credentials.token, registry)}`;
  if (bearer !== undefined) return `Bearer ${await fetchToken(request, bearer)}`;
  if (challenges.some(({ scheme }) => scheme === 'basic') && credentials !== undefined) {
    if ('username' in credentials) return basic(credentials);
    throw new OciError(
      'UNAUTHORIZED',
      `registry ${registry} wants a password, there is only an identity token`,
      {
        status: 401,
      },
    );
  }
  throw new OciError('UNAUTHORIZED', `registry ${registry} wants credentials, none are configured for it`, {
    status: 401,
  });
}

async function fetchToken(request: AuthorizationRequest, challenge: Challenge): Promise<string> {
  const { registry, credentials, fetch, timeoutMs } = request;
  const realm = challenge.parameters['realm'] ?? '';
  if (!URL.canParse(realm))
    throw new OciError('MALFORMED', `registry ${registry} names no usable token URL in its challenge`);
  const url = new URL(realm);
  if (url.username !== '' || url.password !== '')
    throw new OciError('REFUSED', `token URL of registry ${registry} carries credentials`);
  request.assertUrl(url);
  const service = challenge.parameters['service'];
  const trusted = mayHoldCredentials(registry, url, request.tokenHosts);
  const known = trusted ? credentials : undefined;
  const outgoing =
    known !== undefined && 'identityToken' in known
      ? refreshRequest(url, service, request.scopes, known.identityToken)
      : tokenRequest(url, service, request.scopes, known);
  const asked: Outgoing = { ...outgoing, maxBytes: MAX_TOKEN_ANSWER_BYTES };
  const answer = await withRetries(() => exchange(fetch, asked, timeoutMs), isPassingFor(asked));
  if (answer.status !== 200) {
    const withheld =
      credentials !== undefined && !trusted
        ? ' (credentials are not sent to that host, which is not known as the token service of this registry)'
        : '';
    throw new OciError(
      answer.status >= 500 ? 'STATUS' : 'UNAUTHORIZED',
      `token service ${url.host} of registry ${registry} answered ${answer.status}${withheld}`,
      { status: answer.status },
    );
  }
  return assertToken(readToken(answer.bytes), registry);
}

/** distribution: "Token Authentication Specification". */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Credentials | undefined,
): Omit<Outgoing, 'maxBytes'> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.delete('scope');
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (credentials !== undefined && 'username' in credentials) headers['authorization'] = basic(credentials);
  return { method: 'GET', url, headers };
}

/** distribution: "Oauth2 Token Authentication". The token goes in the body, where no log of URLs finds it. */
function refreshRequest(
  url: URL,
  service: string | undefined,
  scopes: readonly string[],
  identityToken: string,
): Omit<Outgoing, 'maxBytes'> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    scope: scopes.join(' '),
    refresh_token: identityToken,
  });
  if (service !== undefined) form.set('service', service);
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url, headers, body: encodeUtf8(form.toString()) };
}

function readToken(bytes: Uint8Array): unknown {
  try {
    const json = parseJson(bytes, { maxBytes: MAX_TOKEN_ANSWER_BYTES });
    return isJsonObject(json) ? (json['token'] ?? json['access_token']) : undefined;
  } catch (cause) {
    if (cause instanceof EncodingError) return undefined;
    throw cause;
  }
}

function assertToken(token: unknown, registry: string): string {
  if (typeof token === 'string' && TOKEN_TEXT.test(token)) return token;
  throw new OciError('MALFORMED', `no usable bearer token for registry ${registry}`);
}

function basic(credentials: { readonly username: string; readonly password: string }): string {
  return `Basic ${encodeBase64(encodeUtf8(`${credentials.username}:${credentials.password}`))}`;
}

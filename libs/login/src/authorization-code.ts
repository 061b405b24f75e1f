import { createHash, timingSafeEqual } from 'node:crypto';
import {
  authorizationCodeGrantRequest,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import { requestOptions } from './access.ts';
import { isLoopbackHttp } from './address.ts';
import { LoginError, quote } from './errors.ts';
import { explained } from './explained.ts';
import { assertProofKey, SCOPE, type LoginServer } from './login-server.ts';
import { createProofKey, randomText } from './proof-key.ts';
import { verifyLoginToken, type LoginToken } from './verify-login-token.ts';

/** A login a browser was sent to. Good for one answer. */
export interface PendingAuthorization {
  /** For the browser. */
  readonly url: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** A code and what comes with it; Entra's are a kilobyte. */
const MAX_ANSWER_LENGTH = 16 * 1024;

/**
 * Where to send the browser (OpenID Connect Core section 3.1.2.1, RFC 7636 section 4.3).
 *
 * @param redirectUri where this machine listens (RFC 8252 section 7.3)
 * @throws LoginError UNSUPPORTED or REDIRECT_URI
 */
export async function beginAuthorization(
  server: LoginServer,
  redirectUri: string,
): Promise<PendingAuthorization> {
  const { metadata, clientId, access } = server;
  assertProofKey(server);
  if (metadata.authorization_endpoint === undefined) {
    throw new LoginError(
      'UNSUPPORTED',
      `${new URL(server.issuerUrl).host} has no page to log in (authorization_endpoint)`,
    );
  }
  assertLoopback(redirectUri);
  const { verifier, parameters } = await createProofKey(access);
  const [state, nonce] = [randomText(access), randomText(access)];
  const url = new URL(metadata.authorization_endpoint);
  const query = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: SCOPE,
    state,
    nonce,
    ...parameters,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { url: url.href, redirectUri, state, nonce, codeVerifier: verifier };
}

function assertLoopback(redirectUri: string): void {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  if (url === undefined || !isLoopbackHttp(url) || url.hash !== '' || url.username !== '') {
    throw new LoginError(
      'REDIRECT_URI',
      `the redirect goes to ${quote(redirectUri)}, want http on this machine`,
    );
  }
}

/**
 * Turns the answer the browser brought into an identity token.
 *
 * @param answer query of the redirect
 * @throws LoginError STATE, ANSWER_ISSUER, DENIED, ANSWER, UNREACHABLE or TOKEN
 */
export async function redeemAuthorization(
  answer: URLSearchParams,
  pending: PendingAuthorization,
  server: LoginServer,
): Promise<LoginToken> {
  const { metadata, client, authentication, access } = server;
  // First: whatever else an answer says, without our state it is somebody else's (RFC 6749 section 10.12).
  assertState(answer, pending.state);
  assertAnswerIssuer(answer, server);
  const parameters = await explained('ANSWER', 'the answer of the issuer', async () => {
    if (answer.toString().length > MAX_ANSWER_LENGTH)
      throw new LoginError('ANSWER', 'the answer is too long');
    return validateAuthResponse(metadata, client, answer, pending.state);
  });
  if (!parameters.get('code')) throw new LoginError('ANSWER', 'the answer of the issuer holds no code');
  const tokens = await explained('ANSWER', 'the exchange of the code', async () => {
    const response = await authorizationCodeGrantRequest(
      metadata,
      client,
      authentication,
      parameters,
      pending.redirectUri,
      pending.codeVerifier,
      requestOptions(access),
    );
    return processAuthorizationCodeResponse(metadata, client, response, {
      expectedNonce: pending.nonce,
      requireIdToken: true,
    });
  });
  return verifyLoginToken(tokens.id_token, server);
}

function assertState(answer: URLSearchParams, state: string): void {
  const [got, ...more] = answer.getAll('state');
  const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  if (got === undefined || more.length > 0 || !timingSafeEqual(hash(got), hash(state))) {
    throw new LoginError(
      'STATE',
      'the answer does not belong to this login (state): somebody else may have sent it',
    );
  }
}

/** RFC 9207 section 2.4. */
function assertAnswerIssuer(answer: URLSearchParams, { metadata, issuerUrl }: LoginServer): void {
  const [got, ...more] = answer.getAll('iss');
  const isMissing = got === undefined && metadata.authorization_response_iss_parameter_supported === true;
  if (isMissing || more.length > 0 || (got !== undefined && got !== issuerUrl)) {
    throw new LoginError(
      'ANSWER_ISSUER',
      `the answer comes from ${quote(got)} (iss), want ${quote(issuerUrl)}`,
    );
  }
}

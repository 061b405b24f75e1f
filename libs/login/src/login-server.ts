import type { AuthorizationServer, Client } from 'oauth4webapi';
import {
  clockTolerance,
  ClientSecretPost,
  discoveryRequest,
  None,
  processDiscoveryResponse,
  type ClientAuth,
} from 'oauth4webapi';
import { requestOptions, type LoginAccess } from './access.ts';
import { webAddress } from './address.ts';
import { LoginError, quote } from './errors.ts';
import { explained } from './explained.ts';

/** Whom to ask, and as whom. */
export interface LoginSettings {
  /** As the tokens name it: must equal `iss` and the `issuer` of the metadata, character for character. */
  readonly issuerUrl: string;
  readonly clientId: string;
  /** For the few clients that have one; a command on somebody's machine keeps no secret. */
  readonly clientSecret?: string;
}

/** An issuer whose metadata have been checked, and the way to it. */
export interface LoginServer extends LoginSettings {
  readonly metadata: AuthorizationServer;
  readonly client: Client;
  readonly authentication: ClientAuth;
  readonly access: LoginAccess;
}

/** The certificate authority certifies an address where there is one. */
export const SCOPE = 'openid email';

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'device_authorization_endpoint',
  'jwks_uri',
] as const;

/**
 * Reads what an issuer publishes about itself (OpenID Connect Discovery 1.0 section 4).
 *
 * @throws LoginError ISSUER_URL, UNREACHABLE or DISCOVERY
 */
export async function discoverLogin(settings: LoginSettings, access: LoginAccess): Promise<LoginServer> {
  const { issuerUrl, clientId, clientSecret } = settings;
  const address = webAddress(issuerUrl, issuerUrl);
  if (address === undefined || address.search !== '') {
    throw new LoginError(
      'ISSUER_URL',
      `the issuer is ${quote(issuerUrl)}, want an https address (http on this machine)`,
    );
  }
  const metadata = await explained('DISCOVERY', `what ${address.host} publishes about itself`, async () =>
    processDiscoveryResponse(address, await discoveryRequest(address, requestOptions(access))),
  );
  assertSameIssuer(metadata, issuerUrl);
  assertEndpoints(metadata, issuerUrl);
  return {
    ...settings,
    metadata,
    // The time is judged by our own clock, when the token is verified (verify-login-token.ts).
    client: { client_id: clientId, [clockTolerance]: Number.MAX_SAFE_INTEGER },
    authentication: clientSecret === undefined ? None() : ClientSecretPost(clientSecret),
    access,
  };
}

/** Section 4.3. The library compares what URL parsers make of both; `iss` in tokens is compared as text. */
function assertSameIssuer({ issuer }: AuthorizationServer, issuerUrl: string): void {
  if (issuer !== issuerUrl) {
    throw new LoginError('DISCOVERY', `the metadata speak for ${quote(issuer)}, want ${quote(issuerUrl)}`);
  }
}

function assertEndpoints(metadata: AuthorizationServer, issuerUrl: string): void {
  for (const name of ENDPOINTS) {
    const value: unknown = metadata[name];
    if (value !== undefined && webAddress(value, issuerUrl) === undefined) {
      throw new LoginError(
        'DISCOVERY',
        `${name} is ${quote(value)}, want an https address (http on this machine)`,
      );
    }
  }
  const methods: unknown = metadata.code_challenge_methods_supported;
  if (methods !== undefined && !Array.isArray(methods)) {
    throw new LoginError('DISCOVERY', 'code_challenge_methods_supported is not a list');
  }
}

/** Microsoft's issuers take S256 and do not list it. */
const UNLISTED_S256: readonly string[] = ['login.microsoftonline.com', 'login.microsoftonline.us'];

/**
 * Without PKCE whoever catches the code has the token (RFC 8252 section 8.1).
 *
 * @throws LoginError UNSUPPORTED
 */
export function assertProofKey({ metadata, issuerUrl }: LoginServer): void {
  const listed = metadata.code_challenge_methods_supported?.includes('S256') === true;
  if (!listed && !UNLISTED_S256.includes(new URL(issuerUrl).hostname)) {
    throw new LoginError('UNSUPPORTED', `${new URL(issuerUrl).host} does not list PKCE with S256`);
  }
}

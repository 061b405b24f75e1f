import { IssuerPool, OidcError, verifyToken } from '@sigstead/oidc';
import { fetchBounded } from './access.ts';
import { LoginError } from './errors.ts';
import type { LoginServer } from './login-server.ts';

/** An identity token that verifies, fresh from its issuer. */
export interface LoginToken {
  readonly token: string;
  /** Who logged in: the address where the issuer tells one, else its subject. */
  readonly identity: string;
}

/**
 * Signature, issuer, audience and time, as a certificate authority judges them (OpenID Connect Core section 3.1.3.7): what is
 * refused here would be refused there, after a person has logged in for nothing.
 *
 * @throws LoginError TOKEN
 */
export async function verifyLoginToken(token: string | undefined, server: LoginServer): Promise<LoginToken> {
  if (token === undefined) throw new LoginError('TOKEN', 'the issuer gives no identity token (id_token)');
  const { issuerUrl, clientId, access } = server;
  const issuer = { issuerUrl, clientId, type: 'email', skipEmailVerification: true } as const;
  const pool = new IssuerPool(
    { issuers: [issuer], metaIssuers: [], ignored: [] },
    { fetch: (url, init) => fetchBounded(url, init, access), clock: access.clock },
  );
  try {
    const { subject, claims } = await verifyToken(token, pool, access.clock());
    const email = claims['email'];
    return { token, identity: typeof email === 'string' && email !== '' ? email : subject };
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    throw new LoginError('TOKEN', `the identity token is refused: ${error.message}`, { cause: error });
  }
}

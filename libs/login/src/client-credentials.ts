import { clientCredentialsGrantRequest, processClientCredentialsResponse } from 'oauth4webapi';
import { requestOptions } from './access.ts';
import { explained } from './explained.ts';
import { SCOPE, type LoginServer } from './login-server.ts';
import { verifyLoginToken, type LoginToken } from './verify-login-token.ts';

/**
 * The token of a machine that is a client itself (RFC 6749 section 4.4), from the issuers that put an identity token beside the
 * access token.
 *
 * @throws LoginError DENIED, UNREACHABLE, ANSWER or TOKEN
 */
export async function requestClientToken(server: LoginServer): Promise<LoginToken> {
  const { metadata, client, authentication, access } = server;
  const tokens = await explained('ANSWER', 'the login of the client', async () =>
    processClientCredentialsResponse(
      metadata,
      client,
      await clientCredentialsGrantRequest(
        metadata,
        client,
        authentication,
        { scope: SCOPE },
        requestOptions(access),
      ),
    ),
  );
  return verifyLoginToken(tokens.id_token, server);
}

import { randomBytes } from 'node:crypto';
import {
  awaitDeviceLogin,
  beginAuthorization,
  beginDeviceLogin,
  discoverLogin,
  LoginError,
  redeemAuthorization,
  requestClientToken,
  type LoginServer,
  type LoginToken,
} from '@sigstead/login';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printable } from '../../printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { readSecretText } from '../token-text.ts';
import type { IssuerOptions } from './login-issuer.ts';
import { RedirectListener } from './redirect-listener.ts';

/** cosign's names for the ways to log in; `token` is none. */
export const loginFlows = ['normal', 'device', 'client_credentials'] as const;
export type LoginFlow = (typeof loginFlows)[number];

export interface LoginOptions extends IssuerOptions {
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcRedirectUrl?: string;
  readonly fulcioAuthFlow?: string;
}

const CLIENT_ID = 'sigstore';
/** For a person who looks for the second factor first. */
const BROWSER_TIMEOUT_MS = 5 * 60_000;

/**
 * Logs in at an issuer: with a browser where there is one, else at another machine.
 *
 * @throws CliError
 */
export async function logIn(
  options: LoginOptions,
  issuerUrl: string,
  surroundings: Surroundings,
): Promise<LoginToken> {
  try {
    const server = await discoverLogin(
      { issuerUrl, clientId: options.oidcClientId ?? CLIENT_ID, ...(await clientSecret(options)) },
      { fetch: (url, init) => fetch(url, init), clock: () => new Date(), randomBytes },
    );
    const login = await logInBy(options, server, surroundings);
    surroundings.note(printable(`logged in as ${login.identity} at ${issuerUrl}`));
    return login;
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    const code =
      error.code === 'ISSUER_URL' || error.code === 'REDIRECT_URI' ? exitCodes.usage : exitCodes.failed;
    throw new CliError(printable(`login: ${error.message}`), code, { cause: error });
  }
}

async function logInBy(
  options: LoginOptions,
  server: LoginServer,
  surroundings: Surroundings,
): Promise<LoginToken> {
  const flow = options.fulcioAuthFlow;
  switch (flow) {
    case 'client_credentials':
      return requestClientToken(server);
    case 'device':
      return logInElsewhere(server, surroundings);
    case 'normal':
      return logInWithBrowser(server, options, surroundings);
    case undefined:
      if (surroundings.isInteractive) return logInWithBrowser(server, options, surroundings);
      surroundings.note('no terminal: logging in at another machine');
      return logInElsewhere(server, surroundings);
    default:
      throw new CliError(
        `--fulcio-auth-flow ${JSON.stringify(flow)}, want token, ${loginFlows.join(', ')}`,
        exitCodes.usage,
      );
  }
}

async function clientSecret({
  oidcClientSecretFile: path,
}: LoginOptions): Promise<{ clientSecret?: string }> {
  if (path === undefined) return {};
  return { clientSecret: await readSecretText(path, '--oidc-client-secret-file cannot be read') };
}

async function logInWithBrowser(
  server: LoginServer,
  { oidcRedirectUrl, fulcioAuthFlow }: LoginOptions,
  surroundings: Surroundings,
): Promise<LoginToken> {
  const listener = await RedirectListener.open(oidcRedirectUrl);
  try {
    const pending = await beginAuthorization(server, listener.url);
    const isOpen = await surroundings.openBrowser(pending.url);
    const isOfferedElsewhere = server.metadata.device_authorization_endpoint !== undefined;
    if (!isOpen && isOfferedElsewhere && fulcioAuthFlow === undefined) {
      surroundings.note('no browser: logging in at another machine');
      return await logInElsewhere(server, surroundings);
    }
    surroundings.note(`log in with your browser, or go to\n  ${pending.url}`);
    const redirect = await listener.next(BROWSER_TIMEOUT_MS);
    try {
      const login = await redeemAuthorization(redirect.parameters, pending, server);
      await redirect.answer(true);
      return login;
    } catch (error) {
      await redirect.answer(false);
      throw error;
    }
  } finally {
    await listener.close();
  }
}

async function logInElsewhere(server: LoginServer, { note, pause }: Surroundings): Promise<LoginToken> {
  const pending = await beginDeviceLogin(server);
  const minutes = Math.round((pending.expiresAt.getTime() - Date.now()) / 60_000);
  note(
    `go to\n  ${pending.verificationUri}\nand enter the code ${pending.userCode} within ${minutes} minutes`,
  );
  return awaitDeviceLogin(pending, server, pause);
}

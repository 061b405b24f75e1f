import { CliError, exitCodes } from '../cli-error.ts';
import { findAmbientToken } from './ambient/ambient-token.ts';
import { requestDevelopmentToken } from './development-token.ts';
import { logIn, type LoginOptions } from './login/log-in.ts';
import { loginIssuer } from './login/login-issuer.ts';
import type { Surroundings } from './surroundings.ts';
import { assertToken, readTokenFile } from './token-text.ts';

/** cosign's options about who signs, as commander has them. */
export interface IdentityOptions extends LoginOptions {
  /** A token, or a file that holds one. */
  readonly identityToken?: string;
  readonly oidcProvider?: string;
  readonly oidcDisableAmbientProviders?: boolean;
}

/**
 * The token to sign with, from the first of: `--identity-token`; what the surroundings offer (ambient-token.ts); the development
 * issuer of a stack on this machine; a login.
 *
 * @param baseUrl of the stack, whose signing configuration names the issuer to log in at
 * @throws CliError when there is none
 */
export async function findIdentityToken(
  options: IdentityOptions,
  baseUrl: string,
  surroundings: Surroundings,
): Promise<string> {
  const { identityToken, oidcProvider, oidcDisableAmbientProviders = false } = options;
  if (identityToken !== undefined) return givenToken(identityToken);
  if (!oidcDisableAmbientProviders) {
    const token =
      (await findAmbientToken(surroundings, oidcProvider)) ??
      (await developmentToken(options, baseUrl, surroundings));
    if (token !== undefined) return token;
  }
  return loginToken(options, baseUrl, surroundings);
}

async function givenToken(given: string): Promise<string> {
  const isToken = given.includes('.') && given.startsWith('eyJ');
  return isToken ? assertToken(given, '--identity-token') : readTokenFile(given, '--identity-token');
}

/** Whoever says how or where to log in does not mean it. */
async function developmentToken(
  { oidcIssuer, fulcioAuthFlow }: IdentityOptions,
  baseUrl: string,
  { note }: Surroundings,
): Promise<string | undefined> {
  if (!isLoopback(baseUrl) || oidcIssuer !== undefined || fulcioAuthFlow !== undefined) return undefined;
  const token = await requestDevelopmentToken(baseUrl, 'github', {}).catch(() => undefined);
  if (token !== undefined) note('no identity token given: using one of the development issuer');
  return token;
}

/** Nobody watches a build: there a login is only begun when somebody asked for it. */
async function loginToken(
  options: IdentityOptions,
  baseUrl: string,
  surroundings: Surroundings,
): Promise<string> {
  const { environment } = surroundings;
  const isBuild = Boolean(environment['CI']) && environment['CI'] !== 'false';
  if (options.fulcioAuthFlow === 'token' || (isBuild && options.fulcioAuthFlow === undefined)) {
    throw noToken(hintFor(environment));
  }
  const issuerUrl = await loginIssuer(options, baseUrl, environment);
  if (issuerUrl === undefined) throw noToken(hintFor(environment));
  return (await logIn(options, issuerUrl, surroundings)).token;
}

function noToken(hint: string): CliError {
  return new CliError(
    `no identity token: pass --identity-token or set SIGSTORE_ID_TOKEN${hint}`,
    exitCodes.usage,
  );
}

function hintFor(environment: NodeJS.ProcessEnv): string {
  if (environment['GITHUB_ACTIONS'])
    return '; on GitHub Actions the job needs "permissions: id-token: write"';
  if (environment['GITLAB_CI'])
    return '; on GitLab the job needs "id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore"';
  return '';
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]';
}

import { CliError, exitCodes } from '../cli-error.ts';
import { logIn, type LoginOptions } from './login/log-in.ts';
import { loginIssuer } from './login/login-issuer.ts';
import type { Surroundings } from './surroundings.ts';

/** Logs in, whatever tokens there may be, and prints the one that comes of it. */
export async function printLogin(
  options: LoginOptions,
  baseUrl: string,
  surroundings: Surroundings,
): Promise<void> {
  const issuerUrl = await loginIssuer(options, baseUrl, surroundings.environment);
  if (issuerUrl === undefined) {
    throw new CliError(`${baseUrl} names no issuer to log in at: pass --oidc-issuer`, exitCodes.usage);
  }
  const { token } = await logIn(options, issuerUrl, surroundings);
  process.stdout.write(`${token}\n`);
}

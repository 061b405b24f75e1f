import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import type { LoginOptions } from '../identity/login/log-in.ts';
import { addLoginOptions } from './identity-options.ts';
import { keyValue } from './key-value.ts';

interface TokenOptions extends LoginOptions {
  readonly issuer: string;
  readonly claim?: Record<string, string | number | boolean>;
  readonly login?: boolean;
}

export function tokenCommand(): Command {
  return addLoginOptions(new Command('token'))
    .description("Prints an identity token of the stack's development issuer.")
    .option('--issuer <name>', 'github (a workflow run) or email (a person)', 'github')
    .option('--claim <key=value>', 'sets a claim, may be given several times', collectClaim)
    .addHelpText(
      'after',
      '\nExample:\n  $ export SIGSTORE_ID_TOKEN=$(npx sigstead token --claim repository=acme/app)',
    )
    .option('--login', 'logs in instead of asking for a development token, as "sigstead login" does')
    .action(async (options: TokenOptions, command: Command) => {
      if (options.login === true) {
        const { printLogin } = await import('../identity/print-login.ts');
        const { processSurroundings } = await import('../identity/surroundings.ts');
        return printLogin(options, baseUrl(command), processSurroundings());
      }
      const { requestDevelopmentToken } = await import('../identity/development-token.ts');
      const token = await requestDevelopmentToken(baseUrl(command), options.issuer, options.claim ?? {});
      process.stdout.write(`${token}\n`);
    });
}

const NUMERIC_CLAIMS = new Set(['exp', 'nbf', 'iat']);

/** Claims are text, as GitHub's are, but for times and `email_verified`. */
function collectClaim(
  text: string,
  claims: Readonly<Record<string, string | number | boolean>> = {},
): Record<string, string | number | boolean> {
  const [[key, value]] = Object.entries(keyValue('--claim', text)) as [[string, string]];
  return { ...claims, [key]: claimValue(key, value) };
}

function claimValue(key: string, text: string): string | number | boolean {
  if (key === 'email_verified' && (text === 'true' || text === 'false')) return text === 'true';
  if (!NUMERIC_CLAIMS.has(key)) return text;
  if (!/^-?\d{1,15}$/.test(text))
    throw new CliError(`--claim ${key} is a time in whole seconds`, exitCodes.usage);
  return Number(text);
}

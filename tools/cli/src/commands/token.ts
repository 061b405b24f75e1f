import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { keyValue } from './key-value.ts';

export function tokenCommand(): Command {
  return new Command('token')
    .description("Prints an identity token of the stack's development issuer.")
    .option('--issuer <name>', 'github (a workflow run) or email (a person)', 'github')
    .option('--claim <key=value>', 'sets a claim, may be given several times', collectClaim)
    .addHelpText(
      'after',
      '\nExample:\n  $ export SIGSTORE_ID_TOKEN=$(npx sigstead token --claim repository=acme/app)',
    )
    .action(
      async (
        options: { issuer: string; claim?: Record<string, string | number | boolean> },
        command: Command,
      ) => {
        const { requestDevelopmentToken } = await import('../identity/identity-token.ts');
        process.stdout.write(
          `${await requestDevelopmentToken(baseUrl(command), options.issuer, options.claim ?? {})}\n`,
        );
      },
    );
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

import { CliError, exitCodes } from '../cli-error.ts';
import type { CommandSurroundings, SigningOptions } from './options.ts';

/**
 * Standard input is one thing at most: what is signed, what is said of it, or the password of the key.
 *
 * @param named what is read, `-` for standard input
 * @throws CliError
 */
export function assertOneInput(
  named: readonly (string | undefined)[],
  { key, passwordFile }: SigningOptions,
  { environment }: CommandSurroundings,
): void {
  const inputs = named.filter((name) => name === '-').length;
  if (inputs > 1) throw new CliError('standard input can be read once', exitCodes.usage);
  const variables = ['SIGSTEAD_PASSWORD', 'COSIGN_PASSWORD'];
  const hasPassword =
    key === undefined ||
    passwordFile !== undefined ||
    variables.some((name) => environment[name] !== undefined) ||
    process.stdin.isTTY === true;
  if (inputs === 0 || hasPassword) return;
  throw new CliError(
    'standard input is taken: the password comes from --password-file or SIGSTEAD_PASSWORD',
    exitCodes.usage,
  );
}

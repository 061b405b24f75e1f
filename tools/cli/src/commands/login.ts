import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { LoginOptions } from '../identity/login/log-in.ts';
import { addLoginOptions } from './identity-options.ts';

export function loginCommand(): Command {
  return addLoginOptions(new Command('login'))
    .description('Logs in with the browser, or at another machine, and prints the identity token.')
    .option('--signing-config <file>', 'names the issuer (or set SIGSTEAD_SIGNING_CONFIG)')
    .addHelpText(
      'after',
      `
Without --oidc-issuer the signing configuration names the issuer: --signing-config, or the one the stack serves.
For a registry, use docker login.

Example:
  $ export SIGSTORE_ID_TOKEN=$(npx sigstead login --oidc-issuer https://issuer.example)`,
    )
    .action(async (options: LoginOptions, command: Command) => {
      const { printLogin } = await import('../identity/print-login.ts');
      const { processSurroundings } = await import('../identity/surroundings.ts');
      await printLogin(options, baseUrl(command), processSurroundings());
    });
}

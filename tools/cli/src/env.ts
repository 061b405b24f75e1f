import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { baseUrl } from './base-url.ts';
import { CliError } from './cli-error.ts';
import { requestDevelopmentToken } from './identity-token.ts';

export function envCommand(): Command {
  return new Command('env')
    .description('Prints export lines that point clients at the stack.')
    .addOption(
      // The variables of the older set name no signing configuration, and their clients know no Rekor v2.
      new Option('--rekor-v2', 'names the signing configuration that has Rekor v2').conflicts('legacy'),
    )
    .option('--legacy', "prints cosign's SIGSTORE_*_FILE set instead (any of those turns its TUF off)")
    .option(
      '--home <path>',
      'state folder of the stack (or set SIGSTEAD_HOME)',
      process.env['SIGSTEAD_HOME'] || '.sigstead',
    )
    .addHelpText('after', '\nExample:\n  $ eval "$(npx sigstead env)"')
    .action(async (options: { legacy?: boolean; rekorV2?: boolean; home: string }, command: Command) => {
      const signingConfig = options.rekorV2
        ? 'signing_config_rekor_v2.v0.2.json'
        : 'signing_config.v0.2.json';
      const url = baseUrl(command);
      const trust = resolve(options.home, 'trust');
      await access(join(trust, 'trusted_root.json')).catch((cause: unknown) => {
        throw new CliError(
          `no trust files in ${trust}: start the stack there first, or name its folder with --home`,
          1,
          {
            cause,
          },
        );
      });
      const variables = options.legacy
        ? {
            SIGSTORE_ROOT_FILE: join(trust, 'fulcio_v1.crt.pem'),
            SIGSTORE_REKOR_PUBLIC_KEY: join(trust, 'rekor.pub'),
            SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join(trust, 'ctfe.pub'),
          }
        : {
            SIGSTEAD_URL: url,
            SIGSTEAD_TRUSTED_ROOT: join(trust, 'trusted_root.json'),
            SIGSTEAD_SIGNING_CONFIG: join(trust, signingConfig),
            SIGSTORE_ID_TOKEN: await requestDevelopmentToken(url, 'github', {}),
          };
      for (const [name, value] of Object.entries(variables))
        process.stdout.write(`export ${name}=${quote(value)}\n`);
    });
}

/** A single shell word, whatever the value holds. */
function quote(value: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

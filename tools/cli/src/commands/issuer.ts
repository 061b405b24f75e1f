import { Command } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { WhereToLook } from '../issuer/configured-issuers.ts';
import type { PresetOptions } from '../issuer/issuer-commands.ts';

export function issuerCommand(): Command {
  return new Command('issuer')
    .description('Tells which issuers are trusted, and explains why a token is accepted or refused.')
    .addCommand(checkCommand())
    .addCommand(listCommand())
    .addCommand(presetCommand());
}

const CONFIG = ['--config <file>', 'issuer configuration to judge by'] as const;
const SOURCES = `
Judged by --config, else by $SIGSTEAD_HOME/certificate-authority/issuers.yaml if it is there (and --url is not given), else by
what the certificate authority at --url publishes.`;

function checkCommand(): Command {
  return new Command('check')
    .description('Judges a token, or an issuer, as the certificate authority does, and tells every step.')
    .argument('<url|token|-|@file>', "an issuer's URL; or a token, as it is, on standard input, or in a file")
    .option(...CONFIG)
    .option('--json', 'prints the steps as JSON')
    .addHelpText('after', `${SOURCES}\n\nExit codes: 0 accepted, 1 refused, 2 wrong usage.`)
    .action(async (given: string, options: { config?: string; json?: boolean }, command: Command) => {
      const { checkGiven } = await import('../issuer/issuer-commands.ts');
      await checkGiven(given, options.json === true, whereToLook(options, command));
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('Lists the configured issuers: URL or pattern, type, audience.')
    .option(...CONFIG)
    .addHelpText('after', SOURCES)
    .action(async (options: { config?: string }, command: Command) => {
      const { listIssuers } = await import('../issuer/issuer-commands.ts');
      await listIssuers(whereToLook(options, command));
    });
}

function presetCommand(): Command {
  return new Command('preset')
    .description('Prints the configuration of a known kind of issuer; without a name, lists the kinds.')
    .argument('[name]', 'kind of issuer')
    .option(
      '--issuer-url <url>',
      'the issuer, as its tokens name it; needed where the preset is not for one issuer',
    )
    .option('--client-id <audience>', 'what tokens must be for', 'sigstore')
    .option(
      '--server-url <url>',
      "web address of the server the claims speak of, when it is not the preset's",
    )
    .option('--trust-domain <name>', 'for SPIFFE')
    .action(async (name: string | undefined, options: PresetOptions) => {
      const { printPreset } = await import('../issuer/issuer-commands.ts');
      printPreset(name, options);
    });
}

/** Whoever names a stack by its URL does not mean the one in this folder. */
function whereToLook({ config }: { readonly config?: string }, command: Command): WhereToLook {
  const isStackNamed = command.getOptionValueSourceWithGlobals('url') === 'cli';
  const home = isStackNamed ? undefined : process.env['SIGSTEAD_HOME'] || '.sigstead';
  return { config, home, baseUrl: baseUrl(command) };
}

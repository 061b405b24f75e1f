import { Command, Option } from 'commander';
import { baseUrl } from '../base-url.ts';
import type { EnvOptions } from '../client-environment.ts';

export function envCommand(environment: NodeJS.ProcessEnv): Command {
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
      environment['SIGSTEAD_HOME'] || '.sigstead',
    )
    .addHelpText('after', '\nExample:\n  $ eval "$(npx sigstead env)"')
    .action(async (options: EnvOptions, command: Command) => {
      const { printEnvironment } = await import('../client-environment.ts');
      await printEnvironment(options, baseUrl(command));
    });
}

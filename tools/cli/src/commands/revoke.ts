import { Command } from 'commander';

/** Takes every argument as it is: the operator's command has the options and their help. */
export function revokeCommand(): Command {
  return new Command('revoke')
    .description(
      'Revokes a certificate, a key, an identity or a CA (--help for how; "revoke list" shows all).',
    )
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => {
      const { runRevoke } = await import('../run-revoke.ts');
      await runRevoke(args);
    });
}

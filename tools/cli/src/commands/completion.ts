import { Argument, Command } from 'commander';

export function completionCommand(): Command {
  return new Command('completion')
    .description('Prints what makes a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish', 'powershell']))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(sigstead completion bash)
  $ sigstead completion zsh > "\${fpath[1]}/_sigstead"
  $ sigstead completion fish | source
  PS> sigstead completion powershell | Out-String | Invoke-Expression`,
    )
    .action(async (shell: string, _options: object, command: Command) => {
      const { printCompletion } = await import('../completion/print-completion.ts');
      printCompletion(shell, command.parent as Command);
    });
}

import type { Command } from 'commander';
import { CliError, exitCodes } from '../cli-error.ts';
import { bashCompletion } from './bash.ts';
import { commandTree, type CompletedCommand } from './command-tree.ts';
import { fishCompletion } from './fish.ts';
import { powershellCompletion } from './powershell.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS: ReadonlyMap<string, (program: CompletedCommand) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
  ['powershell', powershellCompletion],
]);

export function printCompletion(shell: string, program: Command): void {
  const script = SHELLS.get(shell);
  if (script === undefined) {
    throw new CliError(
      `no completion for ${JSON.stringify(shell)}, want one of ${[...SHELLS.keys()].join(', ')}`,
      exitCodes.usage,
    );
  }
  process.stdout.write(script(commandTree(program)));
}

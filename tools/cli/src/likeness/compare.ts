import { withDescendants, type CompletedCommand } from '../completion/command-tree.ts';
import type { Cosign, CosignCommand, CosignFlag } from './cosign-commands.ts';
import { commandDifferences, flagDifferences } from './differences.ts';

export type Standing = 'supported' | 'different' | 'not yet';

export interface ComparedCommand {
  readonly command: CosignCommand;
  readonly standing: Standing;
  readonly why: string | undefined;
}

/** One flag, over all the commands of cosign that have it and that are here as well. */
export interface ComparedFlag {
  readonly name: string;
  readonly supported: readonly string[];
  readonly different: readonly { readonly command: string; readonly why: string }[];
  readonly missing: readonly string[];
}

export interface Comparison {
  readonly commands: readonly ComparedCommand[];
  readonly flags: readonly ComparedFlag[];
}

/** What of cosign is in our command: by the definitions that are parsed by, and the differences that are known. */
export function compareWithCosign(cosign: Cosign, program: CompletedCommand): Comparison {
  const ours = new Map(withDescendants(program).map((command) => [command.path.join(' '), command]));
  const commands = cosign.commands.filter(isLeaf(cosign)).map((command) => compareCommand(command, ours));
  const flags = new Map<string, ComparedFlag>();
  for (const { command, standing } of commands) {
    const own = ours.get(command.name);
    if (own === undefined || standing === 'not yet') continue;
    for (const flag of command.flags)
      flags.set(flag.name, withFlag(flags.get(flag.name), flag, command.name, own));
  }
  const byName = [...flags.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { commands, flags: byName };
}

/** A command that only holds others does nothing by itself; the program's own flags are compared as those of a command. */
function isLeaf({ commands }: Cosign): (command: CosignCommand) => boolean {
  return ({ name, flags }) =>
    flags.length > 0 || !commands.some((other) => other.name.startsWith(`${name} `));
}

function compareCommand(
  command: CosignCommand,
  ours: ReadonlyMap<string, CompletedCommand>,
): ComparedCommand {
  const difference = commandDifferences.find((known) => known.command === command.name);
  if (difference !== undefined) return { command, standing: 'different', why: difference.why };
  return { command, standing: ours.has(command.name) ? 'supported' : 'not yet', why: undefined };
}

function withFlag(
  before: ComparedFlag | undefined,
  flag: CosignFlag,
  command: string,
  own: CompletedCommand,
): ComparedFlag {
  const known = before ?? { name: flag.name, supported: [], different: [], missing: [] };
  const option = own.options.find(({ flags }) => flags.includes(`--${flag.name}`));
  if (option === undefined) return { ...known, missing: [...known.missing, command] };
  const why = differenceOf(flag, command, option.flags);
  if (why === undefined) return { ...known, supported: [...known.supported, command] };
  return { ...known, different: [...known.different, { command, why }] };
}

function differenceOf(flag: CosignFlag, command: string, flags: readonly string[]): string | undefined {
  const known = flagDifferences.find(
    (difference) => difference.flag === flag.name && (difference.commands?.includes(command) ?? true),
  );
  if (known !== undefined) return known.why;
  return flag.short === undefined || flags.includes(`-${flag.short}`)
    ? undefined
    : `without \`-${flag.short}\``;
}

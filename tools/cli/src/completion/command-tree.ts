import type { Argument, Command, Option } from 'commander';

/** What may stand after an option, or as an argument: files, some words, or anything. */
export type Value =
  { readonly kind: 'file' | 'anything' } | { readonly kind: 'words'; readonly words: readonly string[] };

export interface CompletedOption {
  /** With their dashes, the long name last. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent for a switch. */
  readonly value: Value | undefined;
}

export interface CompletedCommand {
  /** Names from the program's first command on; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly subcommands: readonly CompletedCommand[];
  /** Its own, and those of the program that count everywhere. */
  readonly options: readonly CompletedOption[];
  readonly argument: Value | undefined;
}

/**
 * What a shell can complete, from the definitions that commander parses by.
 *
 * @param withHidden options that are taken and not told of, too
 */
export function commandTree(program: Command, withHidden = false): CompletedCommand {
  return describe(program, [], [], withHidden);
}

/** The command and everything below it. */
export function withDescendants(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.subcommands.flatMap(withDescendants)];
}

function describe(
  command: Command,
  path: readonly string[],
  inherited: readonly CompletedOption[],
  withHidden: boolean,
): CompletedCommand {
  const help = command.createHelp();
  const own = command.options.filter(({ hidden }) => withHidden || !hidden).map(describeOption);
  const helpOption: CompletedOption = {
    flags: ['-h', '--help'],
    description: 'display help for command',
    value: undefined,
  };
  const known = new Set(own.flatMap(({ flags }) => flags));
  const global = inherited.filter(({ flags }) => !flags.some((flag) => known.has(flag)));
  const passedOn = path.length === 0 ? own.filter(({ flags }) => !flags.includes('--version')) : inherited;
  return {
    path,
    description: command.description(),
    subcommands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map((child) => describe(child, [...path, child.name()], passedOn, withHidden)),
    options: [...own, ...global, helpOption],
    argument:
      command.registeredArguments[0] &&
      valueOf(command.registeredArguments[0], command.registeredArguments[0].name()),
  };
}

function describeOption(option: Option): CompletedOption {
  const { short, long, description, flags } = option;
  return {
    flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
    description,
    value: option.isBoolean() ? undefined : valueOf(option, flags),
  };
}

/** The name of what is wanted says whether it is a file: `<file>`, `<token or file>`. */
function valueOf({ argChoices }: Option | Argument, name: string): Value {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  return { kind: /\b(?:file|folder|path)\b/.test(name) ? 'file' : 'anything' };
}

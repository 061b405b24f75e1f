import { withDescendants, type CompletedCommand, type CompletedOption } from './command-tree.ts';

export function fishCompletion(program: CompletedCommand): string {
  const lines = withDescendants(program).flatMap((command) => {
    const condition = conditionFor(command);
    return [
      ...command.subcommands.map((child) => {
        const word = child.path.at(-1) as string;
        return `complete -c sigstead -n ${quote(condition)} -f -a ${quote(word)} -d ${quote(child.description)}`;
      }),
      ...command.options.map((option) => optionLine(condition, option)),
      ...(command.argument?.kind === 'words'
        ? [`complete -c sigstead -n ${quote(condition)} -f -a ${quote(command.argument.words.join(' '))}`]
        : []),
      ...(command.argument?.kind === 'file' ? [`complete -c sigstead -n ${quote(condition)} -F`] : []),
    ];
  });
  return `# fish completion of sigstead: sigstead completion fish | source
complete -c sigstead -f
${lines.join('\n')}
`;
}

/** That the words so far name this command, and no command below it. */
function conditionFor({ path, subcommands }: CompletedCommand): string {
  const below = subcommands.map((child) => child.path.at(-1) as string);
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const unseen = below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.join(' ')}`];
  return [...seen, ...unseen].join('; and ') || 'true';
}

function optionLine(condition: string, { flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const wanted =
    value === undefined
      ? []
      : value.kind === 'file'
        ? ['-r', '-F']
        : ['-x', ...(value.kind === 'words' ? [`-a ${quote(value.words.join(' '))}`] : [])];
  return [
    'complete -c sigstead',
    `-n ${quote(condition)}`,
    ...names,
    ...wanted,
    `-d ${quote(description)}`,
  ].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

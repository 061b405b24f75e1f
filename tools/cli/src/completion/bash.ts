import { withDescendants, type CompletedCommand, type Value } from './command-tree.ts';

/** For bash 3.2 and later, without the package bash-completion. */
export function bashCompletion(program: CompletedCommand): string {
  const commands = withDescendants(program);
  return `# bash completion of sigstead: source <(sigstead completion bash)
_sigstead() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' i
  # bash takes a word apart at "="
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${indent(6, [
  pattern(
    commands.filter(({ path }) => path.length > 0).map(({ path }) => pathOf(path)),
    'path="$path ${COMP_WORDS[i]}"',
  ),
  pattern(optionsWithValue(commands), '((i++))'),
])}
    esac
  done
  case "$path $prev" in
${indent(4, valueCases(commands))}
  esac
  case $path in
${indent(4, commands.map(commandCase))}
  esac
}
complete -F _sigstead sigstead
`;
}

function pathOf(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join('');
}

function optionsWithValue(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== undefined)
      .flatMap(({ flags }) => flags.map((flag) => `${pathOf(path)} ${flag}`)),
  );
}

function valueCases(commands: readonly CompletedCommand[]): string[] {
  const cases = new Map<string, string[]>();
  for (const { path, options } of commands) {
    for (const { flags, value } of options) {
      if (value === undefined) continue;
      const reply = replyWith(value);
      cases.set(reply, [...(cases.get(reply) ?? []), ...flags.map((flag) => `${pathOf(path)} ${flag}`)]);
    }
  }
  return [...cases].map(([reply, words]) => pattern(words, `${reply}; return`));
}

function commandCase({ path, subcommands, options, argument }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--')));
  const words = [...subcommands.map((child) => child.path.at(-1) as string)];
  const rest = words.length > 0 || argument === undefined ? ({ kind: 'words', words } as const) : argument;
  return `${quote(pathOf(path))})
  if [[ $cur == -* ]]; then ${replyWith({ kind: 'words', words: flags })}; else ${replyWith(rest)}; fi ;;`;
}

function replyWith(value: Value): string {
  if (value.kind === 'anything') return 'COMPREPLY=()';
  if (value.kind === 'words') return `COMPREPLY=($(compgen -W ${quote(value.words.join(' '))} -- "$cur"))`;
  return `local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))`;
}

function pattern(words: readonly string[], action: string): string {
  return words.length === 0 ? '' : `${words.map(quote).join(' | ')}) ${action} ;;`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indent(columns: number, lines: readonly string[]): string {
  return lines
    .filter((line) => line !== '')
    .flatMap((line) => line.split('\n'))
    .map((line) => ' '.repeat(columns) + line)
    .join('\n');
}

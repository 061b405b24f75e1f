import { withDescendants, type CompletedCommand, type CompletedOption, type Value } from './command-tree.ts';

/** One function for each command, in the language of `_arguments` (zshcompsys(1)). As a file of $fpath it is run when it is first needed. */
export function zshCompletion(program: CompletedCommand): string {
  return `#compdef sigstead
# zsh completion of sigstead: source <(sigstead completion zsh), or a file _sigstead in a folder of $fpath
${withDescendants(program).map(commandFunction).join('\n')}
if [[ $funcstack[1] == _sigstead ]]; then _sigstead "$@"; else compdef _sigstead sigstead; fi
`;
}

function commandFunction(command: CompletedCommand): string {
  const { subcommands, options, argument } = command;
  const specs = options.map(optionSpec);
  if (subcommands.length === 0) {
    const rest = argument === undefined ? [] : [quote(`*:argument:${actionFor(argument)}`)];
    return `${nameOf(command)}() {
  _arguments -s ${[...specs, ...rest].join(' \\\n    ')}
}`;
  }
  const described = subcommands.map((child) => quote(`${lastName(child)}:${colons(child.description)}`));
  const branches = subcommands.map((child) => `        ${lastName(child)}) ${nameOf(child)} ;;`);
  return `${nameOf(command)}() {
  local curcontext=$curcontext state line
  _arguments -C ${specs.join(' \\\n    ')} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
        ${described.join('\n        ')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${branches.join('\n')}
      esac ;;
  esac
}`;
}

function nameOf({ path }: CompletedCommand): string {
  return ['_sigstead', ...path].join('_').replaceAll('-', '_');
}

function lastName({ path }: CompletedCommand): string {
  return path.at(-1) as string;
}

/** `(-o --option)'{-o,--option=}'[description]:value:action` */
function optionSpec({ flags, description, value }: CompletedOption): string {
  const text = `[${brackets(description)}]`;
  const action = value === undefined ? '' : `:value:${actionFor(value)}`;
  const end = (flag: string): string => (value !== undefined && flag.startsWith('--') ? `${flag}=` : flag);
  const [only] = flags;
  if (flags.length === 1 && only !== undefined) return quote(`${end(only)}${text}${action}`);
  return `'(${flags.join(' ')})'{${flags.map(end).join(',')}}${quote(text + action)}`;
}

function actionFor(value: Value): string {
  if (value.kind === 'file') return '_files';
  return value.kind === 'words' ? `(${value.words.join(' ')})` : ' ';
}

function brackets(text: string): string {
  return colons(text).replaceAll(/[[\]]/g, '\\$&');
}

function colons(text: string): string {
  return text.replaceAll(/[\\:]/g, '\\$&');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

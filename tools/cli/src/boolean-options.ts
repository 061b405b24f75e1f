import { Option, type Command } from 'commander';

/** As Go's strconv.ParseBool reads them. */
const TRUE = /^(?:1|t|true)$/i;
const FALSE = /^(?:0|f|false)$/i;

/**
 * An option that is on or off, as cosign's users write them: `--name`, `--name=true`, `--name=false`. What is not said is undefined.
 *
 * @param flags `--name`, or `-n, --name`
 */
export function addSwitch(
  command: Command,
  flags: string,
  description: string,
  { hidden = false }: { readonly hidden?: boolean } = {},
): Command {
  const option = new Option(flags, description).hideHelp(hidden);
  const name = option.long?.slice(2) ?? '';
  return command.addOption(option).addOption(new Option(`--no-${name}`).hideHelp());
}

/** Commander has no `--name=false` for what takes no value: such words become `--no-name`, `--name=true` becomes `--name`. */
export function withSwitchValues(program: Command, args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const words = end < 0 ? args : args.slice(0, end);
  const command = commandOf(program, words);
  return [...words.flatMap((word) => withoutValue(command, word)), ...args.slice(words.length)];
}

function withoutValue(command: Command, word: string): string[] {
  const [, name, value = ''] = /^--([a-z0-9][a-z0-9-]*)=(.*)$/i.exec(word) ?? [];
  const isOn = TRUE.test(value);
  if (name === undefined || (!isOn && !FALSE.test(value))) return [word];
  const knows = (long: string) =>
    command.options.some((option) => option.long === long && !option.required && !option.optional);
  const opposite = name.startsWith('no-') ? `--${name.slice(3)}` : `--no-${name}`;
  if (!knows(`--${name}`)) return [word];
  if (isOn) return [`--${name}`];
  // What has no opposite is off unless it is said.
  return knows(opposite) ? [opposite] : [];
}

/** The command that the words are for. */
function commandOf(program: Command, words: readonly string[]): Command {
  let command = program;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word.startsWith('-')) {
      const option = command.options.find(({ short, long }) => word === short || word === long);
      if (option !== undefined && !option.isBoolean() && option.required) at++;
      continue;
    }
    const child = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (child === undefined) return command;
    command = child;
  }
  return command;
}

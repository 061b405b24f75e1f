import type { Command } from 'commander';

const VALUE = /^(--[a-z0-9-]+)=(?:(true|TRUE|True|t|T|1)|false|FALSE|False|f|F|0)$/;

/**
 * Arguments as commander has them. Go takes a value for a switch, and scripts that were written for cosign say `--flag=false`.
 *
 * @param argv arguments of the process, program first
 */
export function withoutSwitchValues(argv: readonly string[], program: Command): string[] {
  const options = optionsOf(program);
  const switches = new Set(options.filter((option) => option.isBoolean()).map(({ long }) => long));
  const negations = new Set(options.filter(({ negate }) => negate).map(({ long }) => long));
  const end = argv.indexOf('--');
  return argv.flatMap((argument, at) => {
    const [, name, on] = VALUE.exec(argument) ?? [];
    if (name === undefined || !switches.has(name) || (end >= 0 && at > end)) return argument;
    if (on !== undefined) return name;
    const negated = `--no-${name.slice(2)}`;
    return negations.has(negated) ? negated : [];
  });
}

function optionsOf(command: Command): Command['options'] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}

import { Command } from 'commander';
import { expect, it } from '@jest/globals';
import { withoutSwitchValues } from './go-switches.ts';

const program = new Command()
  .option('--url <url>')
  .addCommand(
    new Command('verify')
      .option('--offline')
      .option('--check-claims')
      .option('--no-check-claims')
      .option('-o, --output <format>'),
  );

it.each([
  ['a switch that is set', ['--offline=true'], ['--offline']],
  ['a switch that is not', ['--offline=false'], []],
  ['a switch that can be denied', ['--check-claims=F'], ['--no-check-claims']],
  ["Go's other words", ['--offline=1', '--check-claims=T'], ['--offline', '--check-claims']],
  ['a switch without a value', ['--offline'], ['--offline']],
  ['a value of another option', ['--output=true'], ['--output=true']],
  ['an unknown option', ['--unknown=true'], ['--unknown=true']],
  ['no such word', ['--offline=yes'], ['--offline=yes']],
  ['arguments', ['--', '--offline=true'], ['--', '--offline=true']],
])('reads %s', (_, given, want) => {
  expect(withoutSwitchValues(['node', 'sigstead', 'verify', ...given], program)).toEqual([
    'node',
    'sigstead',
    'verify',
    ...want,
  ]);
});

import type { Command } from 'commander';
import { keyValue } from './key-value.ts';

/** @param what becomes of each */
export function addAnnotationOption(command: Command, what: string): Command {
  return command.option(
    '-a, --annotations <key=value>',
    `${what}, may be given several times`,
    (text: string, values: Readonly<Record<string, string>> = {}) => ({
      ...values,
      ...keyValue('--annotations', text),
    }),
  );
}

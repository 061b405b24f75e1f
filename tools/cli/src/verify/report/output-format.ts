import { basename } from 'node:path';
import { CliError, exitCodes } from '../../cli-error.ts';

export type OutputFormat = 'text' | 'json';

/**
 * How results are told. Scripts that call this program by the name `cosign` expect what that prints.
 *
 * @param program path it was called by
 * @throws CliError for an unknown format
 */
export function outputFormat(option: string | undefined, program: string | undefined): OutputFormat {
  if (option === undefined) return isCosign(program) ? 'json' : 'text';
  if (option === 'text' || option === 'json') return option;
  throw new CliError('--output is text or json', exitCodes.usage);
}

/** Beside the word `Verified OK`, which is all that cosign says of a file; undefined: nothing. @throws CliError */
export function blobOutputFormat(option: string | undefined): OutputFormat | undefined {
  return option === undefined ? undefined : outputFormat(option, undefined);
}

/** Whether this program was called by a link of that name. */
export function isCosign(program: string | undefined): boolean {
  return program !== undefined && /^cosign(?:\.js)?$/.test(basename(program));
}

/** Whether text may have colours. */
export function hasColors(
  output: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return output.isTTY === true && !environment['NO_COLOR'];
}

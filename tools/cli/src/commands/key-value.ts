import { CliError, exitCodes } from '../cli-error.ts';

/** @throws CliError when there is no key before the first `=` */
export function keyValue(option: string, text: string): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(`${option} ${JSON.stringify(text)}, want key=value`, exitCodes.usage);
  return { [text.slice(0, at)]: text.slice(at + 1) };
}

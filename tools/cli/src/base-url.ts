import type { Command } from 'commander';
import { CliError, exitCodes } from './cli-error.ts';

/** Base URL of the stack from `--url` or SIGSTEAD_URL, without a trailing slash. */
export function baseUrl(command: Command): string {
  const { url } = command.optsWithGlobals<{ url: string }>();
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliError(`the stack's URL is ${JSON.stringify(url)}, want http://host:port`, exitCodes.usage);
  }
  return url.replace(/\/+$/, '');
}

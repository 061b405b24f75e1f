import type { Command } from 'commander';
import { CliError, exitCodes } from './cli-error.ts';

/** Base URL of the stack from `--url` or SIGSTEAD_URL, without a trailing slash. */
export function baseUrl(command: Command): string {
  const { url } = command.optsWithGlobals<{ url: string }>();
  return readBaseUrl(url);
}

/** @throws CliError for what is no plain base URL; one that carries credentials is not repeated */
export function readBaseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && (parsed.username !== '' || parsed.password !== '')) {
    throw new CliError(
      "the stack's URL carries a user name or password, want http://host:port",
      exitCodes.usage,
    );
  }
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || /[?#]/.test(url)) {
    throw new CliError(`the stack's URL is ${JSON.stringify(url)}, want http://host:port`, exitCodes.usage);
  }
  return url.replace(/\/+$/, '');
}

import { decodeUtf8, EncodingError } from '@sigstead/encoding';
import { CliError, exitCodes } from '../../cli-error.ts';
import { readGivenFile } from '../../read-given-file.ts';

const MAX_KEY_BYTES = 64 * 1024;

/**
 * The public key a caller names, as PEM: a file, or `env://VARIABLE`. What is in it is judged by the policy it becomes part of.
 *
 * @throws CliError when it cannot be read, or lies where this program does not reach
 */
export async function readManagedKey(
  reference: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const [, scheme, rest = ''] = /^([a-z0-9+.-]+):\/\/(.*)$/s.exec(reference) ?? [];
  if (scheme === undefined)
    return text(await readGivenFile(reference, 'public key', MAX_KEY_BYTES), reference);
  if (scheme !== 'env') {
    throw new CliError(
      `--key ${scheme}:// is not known here, want a PEM file or env://VARIABLE`,
      exitCodes.usage,
    );
  }
  const value = environment[rest];
  if (value === undefined || value === '')
    throw new CliError(`--key ${reference}: the variable is not set`, exitCodes.usage);
  return value;
}

function text(bytes: Uint8Array, path: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new CliError(`public key ${JSON.stringify(path)} is no text`, exitCodes.failed, { cause });
  }
}

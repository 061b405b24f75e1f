import { open } from 'node:fs/promises';
import { CliError, exitCodes } from '../cli-error.ts';

const MAX_TOKEN_LENGTH = 16 * 1024;

/** What may stand in a header. Anything else would be told, content and all, by whoever makes the header. */
export function assertToken(text: string, source: string): string {
  if (text.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text)) return text;
  throw new CliError(`${source} holds no token`, exitCodes.usage);
}

/** At most what a token can have: the path may be a slip, and name a disk image. */
export async function readTokenFile(path: string, source: string): Promise<string> {
  return assertToken(await readSecretText(path, `${source} is neither a token nor a readable file`), source);
}

/** A short secret in a file, without the space around it. */
export async function readSecretText(path: string, refusal: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_TOKEN_LENGTH + 16));
      return buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CliError(refusal, exitCodes.usage, { cause });
  }
}

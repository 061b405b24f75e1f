import { createReadStream } from 'node:fs';
import { CliError, exitCodes } from './cli-error.ts';

/**
 * A file the caller named, whole; a pipe will do (`<(curl ...)`), and is waited for.
 *
 * @param path `-` for standard input
 * @param what it should be, for messages
 * @throws CliError when it cannot be read or is too large to be that
 */
export async function readGivenFile(path: string, what: string, maxBytes: number): Promise<Uint8Array> {
  const refuse = (reason: string, cause?: unknown) =>
    new CliError(`${what} ${JSON.stringify(path)}: ${reason}`, exitCodes.failed, { cause });
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of path === '-' ? process.stdin : createReadStream(path)) {
      pieces.push(piece as Uint8Array);
      size += (piece as Uint8Array).length;
      if (size > maxBytes) break;
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw refuse(`the file cannot be read (${reason})`, cause);
  }
  if (size > maxBytes) throw refuse(`the file is larger than ${maxBytes} bytes`);
  return new Uint8Array(Buffer.concat(pieces));
}

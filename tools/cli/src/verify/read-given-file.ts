import { createReadStream } from 'node:fs';
import { CliError, exitCodes } from '../cli-error.ts';

/**
 * A file the caller named, whole; a pipe will do (`<(curl ...)`), and is waited for.
 *
 * @param what it should be, for messages
 * @throws CliError when it cannot be read or is too large to be that
 */
export async function readGivenFile(path: string, what: string, maxBytes: number): Promise<Uint8Array> {
  const refuse = (reason: string, cause?: unknown) =>
    new CliError(`${what} ${JSON.stringify(path)}: ${reason}`, exitCodes.failed, { cause });
  const pieces: Uint8Array[] = [];
  try {
    // A byte more than is taken is enough to refuse it.
    for await (const piece of createReadStream(path, { end: maxBytes })) pieces.push(piece as Uint8Array);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw refuse(`the file cannot be read (${reason})`, cause);
  }
  const bytes = new Uint8Array(Buffer.concat(pieces));
  if (bytes.length > maxBytes) throw refuse(`the file is larger than ${maxBytes} bytes`);
  return bytes;
}

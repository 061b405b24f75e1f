import { readBounded } from '@sigstead/watched-file';
import { CliError, exitCodes } from './cli-error.ts';

/**
 * A file that the caller named, whole.
 *
 * @param path `-` for standard input
 * @param what it should be, for messages
 * @throws CliError when it cannot be read, or is larger than that ever is
 */
export async function readGivenFile(path: string, what: string, maxBytes: number): Promise<Uint8Array> {
  const content = path === '-' ? await readInput(maxBytes) : await readBounded(path, maxBytes);
  if ('bytes' in content) return content.bytes;
  throw new CliError(`${what} ${JSON.stringify(path)}: ${content.failure}`, exitCodes.usage);
}

async function readInput(maxBytes: number): Promise<{ bytes: Uint8Array } | { failure: string }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    size += piece.length;
    if (size > maxBytes) return { failure: `standard input has more than ${maxBytes} bytes` };
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)) };
}

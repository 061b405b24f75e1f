import type { Writable } from 'node:stream';

/**
 * Makes a failing stdout the command's business. A reader that has seen enough (`| head -1`) is none: what is left to
 * say is dropped, and the exit code still tells how the command ended. Output that is lost otherwise is a failure.
 *
 * @param fail told the reason
 */
export function watchOutput(output: Writable, fail: (reason: string) => void): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fail(`the output cannot be written: ${error.message}`);
  });
}

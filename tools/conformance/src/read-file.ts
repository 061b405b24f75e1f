import { open } from 'node:fs/promises';
import { UsageError } from './errors.ts';

/** Bundles may have 16 MiB, trusted roots and keys are smaller; what is longer is refused by who parses it. */
const MAX_BYTES = (16 << 20) + 1;

/**
 * At most {@link MAX_BYTES} of a file.
 *
 * @param what for the error
 * @throws UsageError
 */
export async function readBounded(path: string, what: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const chunks: Uint8Array[] = [];
      for (let left = MAX_BYTES; left > 0;) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(left, 1 << 16)));
        if (bytesRead === 0) break;
        chunks.push(buffer.subarray(0, bytesRead));
        left -= bytesRead;
      }
      return Buffer.concat(chunks);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new UsageError(`the ${what} ${JSON.stringify(path)} cannot be read`, { cause });
  }
}

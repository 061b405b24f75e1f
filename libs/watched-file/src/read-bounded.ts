import { constants, open } from 'node:fs/promises';

/** What a file holds, or why that cannot be told: a half-sentence. */
export type FileContent = { readonly bytes: Uint8Array } | { readonly failure: string };

/**
 * Reads a file of at most so many bytes, without waiting for a writer: the path may be a slip, and name a disk or a pipe. A thread
 * that waits for one would keep the process from ending.
 */
export async function readBounded(file: string, maxBytes: number): Promise<FileContent> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of handle.createReadStream({ end: maxBytes, autoClose: false }))
        pieces.push(piece as Uint8Array);
      const bytes = Buffer.concat(pieces);
      if (bytes.length > maxBytes) return { failure: `the file is larger than ${maxBytes} bytes` };
      return { bytes };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return {
      failure: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
    };
  }
}

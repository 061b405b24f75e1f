import type { FetchResource } from '@sigstead/tiles';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FsckError } from './errors.ts';

/** The resources of a log in a directory, as an export writes them and a plain web server serves them. */
export function directoryLog(directory: string): FetchResource {
  return async (path, maxBytes) => {
    try {
      const file = await open(join(directory, path), 'r');
      try {
        const { size } = await file.stat();
        const bytes = new Uint8Array(Math.min(size, maxBytes + 1));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new FsckError('UNREADABLE', `${join(directory, path)} cannot be read: ${code}`, { cause });
    }
  };
}

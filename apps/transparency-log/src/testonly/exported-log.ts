import { decodeUtf8 } from '@sigstead/encoding';
import { verifyTileLog, type EntryFormat, type FetchResource } from '@sigstead/tiles';
import { verifyCheckpointNote, type NoteKey } from '@sigstead/tlog';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The resources of a log in a directory. */
export function filesOf(directory: string): FetchResource {
  return (path) =>
    readFile(join(directory, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
}

/** Paths of all files of a directory, pending ones included. */
export async function pathsOf(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** What is wrong with a log as it is served, and its size. */
export async function verifyServed(
  fetchResource: FetchResource,
  key: NoteKey,
  format: EntryFormat,
): Promise<{ readonly size: bigint; readonly discrepancies: readonly unknown[] }> {
  const note = await fetchResource('checkpoint', 65_536);
  if (note === undefined) throw new Error('there is no checkpoint');
  const head = verifyCheckpointNote(decodeUtf8(note), key);
  const { discrepancies } = await verifyTileLog({ head, format, fetchResource });
  return { size: head.size, discrepancies };
}

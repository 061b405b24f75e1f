import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LogError, messageOf } from '../errors.ts';
import type { ExportTarget } from './export-target.ts';

const CHECKPOINT = 'checkpoint';

/**
 * A directory. Files are written beside, in a folder of this export, made durable and then renamed: under its own name a file is
 * whole. A crash leaves that folder, `.pending-…`, behind, which nobody reads and anybody may remove.
 */
export class DirectoryTarget implements ExportTarget {
  readonly #directory: string;
  readonly #pending: string;
  /** Folders in which a name appeared that a crash of the machine could still take away. */
  readonly #touched = new Set<string>();

  private constructor(directory: string, pending: string) {
    this.#directory = directory;
    this.#pending = pending;
  }

  /** Uses the directory, making it when absent. @throws LogError UNAVAILABLE */
  static async open(directory: string): Promise<DirectoryTarget> {
    return writing(directory, async () => {
      await mkdir(directory, { recursive: true });
      return new DirectoryTarget(directory, await mkdtemp(join(directory, '.pending-')));
    });
  }

  async readCheckpoint(): Promise<string | undefined> {
    return absentAsUndefined(readFile(join(this.#directory, CHECKPOINT), 'utf8'));
  }

  async has(path: string): Promise<boolean> {
    return (await absentAsUndefined(stat(join(this.#directory, path))))?.isFile() ?? false;
  }

  put(path: string, bytes: Uint8Array): Promise<void> {
    return writing(path, async () => {
      const folders = foldersOf(path).map((folder) => join(this.#directory, folder));
      await mkdir(folders[0] as string, { recursive: true });
      await this.#write(path, bytes);
      for (const folder of folders) this.#touched.add(folder);
    });
  }

  async replaceCheckpoint(expected: string | undefined, next: string): Promise<boolean> {
    if ((await this.readCheckpoint()) !== expected) return false;
    await writing(CHECKPOINT, async () => {
      for (const folder of this.#touched) await syncFolder(folder);
      this.#touched.clear();
      await this.#write(CHECKPOINT, Buffer.from(next));
      await syncFolder(this.#directory);
    });
    return true;
  }

  async close(): Promise<void> {
    await rm(this.#pending, { recursive: true, force: true });
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const pending = join(this.#pending, randomBytes(8).toString('hex'));
    const file = await open(pending, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(pending, join(this.#directory, path));
  }
}

/** `a/b/c` lies in `a/b`, that in `a`, that in `.` */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? [folder] : [folder, ...foldersOf(folder)];
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

async function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LogError('UNAVAILABLE', `the export cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw new LogError('UNAVAILABLE', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
